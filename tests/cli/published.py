"""The agent example as it was published, and two corrections of it."""

AGENT_AS_PRINTED = """\
deployment_templates:
- match_runtimes: [vllm-cpu] # Name of the custom runtime
    match_gpu_types: [cpu]     # Compute capability of the environment
    container_template: 
    image:                   # Custom runtime image
        registry: swr.cn-south-1.myhuaweicloud.com
        repository: ascendhub/mindie
        tag: 2.1.RC1
"""  # noqa: W291 - the published example has a trailing space

AGENT_BESIDE = """\
deployment_templates:
- match_runtimes: [vllm-cpu] # Name of the custom runtime
  match_gpu_types: [cpu]     # Compute capability of the environment
  container_template:
  image:                   # Custom runtime image
    registry: swr.cn-south-1.myhuaweicloud.com
    repository: ascendhub/mindie
    tag: 2.1.RC1
"""

AGENT_INSIDE = """\
deployment_templates:
- match_runtimes: [vllm-cpu] # Name of the custom runtime
  match_gpu_types: [cpu]     # Compute capability of the environment
  container_template:
    image:                   # Custom runtime image
      registry: swr.cn-south-1.myhuaweicloud.com
      repository: ascendhub/mindie
      tag: 2.1.RC1
"""
