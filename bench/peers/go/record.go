package main

import (
	"encoding/json"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Record is what the webhook writes into the annotation of a pod that it has filled in: from what, and how it was before.
type Record struct {
	Added     []string       `json:"added"`
	Entry     string         `json:"agent_entry"`
	Container string         `json:"container"`
	GPUType   string         `json:"gpu_type"`
	Inputs    string         `json:"inputs"`
	Matches   string         `json:"matches"`
	Model     string         `json:"model"`
	Rendered  string         `json:"rendered"`
	Replaced  map[string]any `json:"replaced"`
	Revision  string         `json:"revision"`
	Runtime   string         `json:"runtime"`
	Template  string         `json:"template"`
	Version   int            `json:"version"`

	before  corev1.Container
	volumes int // how many the pod had
}

// newRecord returns the record of a bare pod, before anything is filled in.
func newRecord(declared *declaration, plan *Plan, pod *corev1.Pod, container *corev1.Container, gpuType string) *Record {
	return &Record{
		Entry:     plan.Entry,
		Container: container.Name,
		GPUType:   gpuType,
		Inputs:    digest([]any{declared.modelName, declared.modelPath, declared.modelPort, container}),
		Matches:   plan.Matches,
		Model:     declared.modelID,
		Replaced:  map[string]any{},
		Revision:  plan.Revision,
		Runtime:   declared.runtime,
		Template:  plan.Template,
		Version:   1,
		before:    *container,
		volumes:   len(pod.Spec.Volumes),
	}
}

// complete notes what has changed, whether the annotation of the default container was added, and a digest of the inference
// container as it is now.
func (r *Record) complete(pod *corev1.Pod, container *corev1.Container, defaulted bool) {
	at, before := "/spec/containers/name="+container.Name, &r.before
	if before.Image != container.Image {
		r.Replaced[at+"/image"] = before.Image
	}
	if before.ImagePullPolicy != container.ImagePullPolicy {
		r.Replaced[at+"/imagePullPolicy"] = before.ImagePullPolicy
	}
	if len(before.Command) == 0 {
		r.noteTexts(at+"/command", before.Command, container.Command)
		r.noteTexts(at+"/args", before.Args, container.Args)
	}
	for _, one := range container.Env[:len(container.Env)-len(before.Env)] {
		r.Added = append(r.Added, at+"/env/name="+one.Name)
	}
	for _, one := range container.VolumeMounts[len(before.VolumeMounts):] {
		r.Added = append(r.Added, at+"/volumeMounts/mountPath="+one.MountPath)
	}
	for _, one := range container.Ports[len(before.Ports):] {
		r.Added = append(r.Added, at+"/ports/containerPort="+strconv.Itoa(int(one.ContainerPort)))
	}
	for _, one := range pod.Spec.Volumes[r.volumes:] {
		r.Added = append(r.Added, "/spec/volumes/name="+one.Name)
	}
	if defaulted {
		r.Added = append(r.Added, "/metadata/annotations/"+strings.ReplaceAll(defaultContainerKey, "/", "~1"))
	}
	r.Rendered = digest(container)
}

func (r *Record) noteTexts(path string, before, after []string) {
	switch {
	case len(before) > 0:
		r.Replaced[path] = before
	case len(after) > 0:
		r.Added = append(r.Added, path)
	}
}

func (r *Record) encoded() string {
	text, err := json.Marshal(r)
	if err != nil {
		panic(err) // it holds only texts and numbers
	}
	return string(text)
}
