"""The three configurations: from YAML nodes to checked and compiled entries, with a problem for everything that is wrong.

Nothing in here knows of snapshots or of last good versions: an entry that cannot be used is returned with its problem.

===================== =============================================================================================
``runtime_templates``  entries of ``templates`` (contract section 4)
``compiling``          their command, args and fields, with each text compiled
``agent_entries``      entries of ``deployment_templates`` (contract section 6)
``agent_root``         where that list is, in all shapes that were published
``gpu_types``          rows of the GPU table (contract section 6)
``pod_metadata``       labels and annotations that a configuration gives to pods
``podspec``            checks of the PodSpec and Container fields inside a configuration
``checks``             types of values and keys of maps
``pod_fields``         every field of a pod spec and its type, which only lint needs
``remedies``           what to write instead of a value of the wrong type
``kubernetes``         field names, types and merge keys of Kubernetes
===================== =============================================================================================
"""
