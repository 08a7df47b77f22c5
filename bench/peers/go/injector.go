package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"text/template"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

const (
	runtimeKey          = "hydra.io/runtime"
	modelIDKey          = "hydra.io/model-id"
	recordKey           = "hydra.io/rendered"
	defaultContainerKey = "kubectl.kubernetes.io/default-container"
	placeholder         = "auto"
)

// Injector fills in bare pods.
type Injector struct {
	Catalog *Catalog
	Decoder admission.Decoder
	Log     logr.Logger
}

// Handle answers one admission request.
func (i *Injector) Handle(_ context.Context, req admission.Request) admission.Response {
	pod := &corev1.Pod{}
	if err := i.Decoder.Decode(req, pod); err != nil {
		return admission.Errored(http.StatusBadRequest, err)
	}
	if _, done := pod.Annotations[recordKey]; done {
		return admission.Allowed("")
	}
	record, warnings, err := i.inject(pod, req.Namespace)
	if err != nil {
		i.Log.Info("denied", "uid", req.UID, "namespace", req.Namespace, "name", pod.Name, "error", err.Error())
		return admission.Errored(http.StatusUnprocessableEntity, err)
	}
	current, err := json.Marshal(pod)
	if err != nil {
		return admission.Errored(http.StatusInternalServerError, err)
	}
	i.Log.Info("mutated", "uid", req.UID, "namespace", req.Namespace, "name", pod.Name,
		"runtime", record.Runtime, "revision", record.Revision, "dryRun", req.DryRun != nil && *req.DryRun)
	response := admission.PatchResponseFromRaw(req.Object.Raw, current).WithWarnings(warnings...)
	response.AuditAnnotations = map[string]string{"runtime": record.Runtime, "revision": record.Revision}
	return response
}

// inject fills in a pod; it returns what it has done, and warnings.
func (i *Injector) inject(pod *corev1.Pod, namespace string) (*Record, []string, error) {
	declared, err := declarationOf(pod)
	if err != nil {
		return nil, nil, err
	}
	container, err := inferenceContainer(pod)
	if err != nil {
		return nil, nil, err
	}
	gpuType, gpuCount := gpusOf(container)
	if declared.gpuType != "" {
		gpuType = declared.gpuType
	}
	plan, err := i.Catalog.Plan(declared.runtime, gpuType)
	if err != nil {
		return nil, nil, err
	}
	record := newRecord(declared, plan, pod, container, gpuType)

	var warnings []string
	data := variables(declared, plan, container, namespace, gpuType, gpuCount)
	if len(container.Command) > 0 {
		warnings = append(warnings, "the workload sets command, so its command and args are kept and nothing is rendered")
	} else if warnings, err = render(container, plan, data); err != nil {
		return nil, nil, err
	}
	if isPlaceholder(container.Image) {
		container.Image = plan.Image
		if container.ImagePullPolicy == corev1.PullAlways { // the API server's default for the placeholder
			container.ImagePullPolicy = ""
		}
	}
	MergeContainer(container, &plan.Container)
	MergePod(&pod.Spec, &plan.Pod)
	if warning := unmounted(container, data["MODEL_PATH"].(string)); warning != "" {
		warnings = append(warnings, warning)
	}
	if isPlaceholder(container.Image) {
		return nil, nil, fmt.Errorf("container %q has no image", container.Name)
	}
	if pod.Annotations == nil {
		pod.Annotations = map[string]string{}
	}
	_, named := pod.Annotations[defaultContainerKey]
	if !named {
		pod.Annotations[defaultContainerKey] = container.Name
	}
	record.complete(pod, container, !named)
	pod.Annotations[recordKey] = record.encoded()
	return record, warnings, nil
}

// render sets command and args from the templates.
func render(container *corev1.Container, plan *Plan, data map[string]any) (warnings []string, err error) {
	arguments := data["CUSTOM_ARGS"].([]string)
	if len(plan.Command) > 0 {
		if container.Command, err = executed(plan.Command, data); err != nil {
			return nil, err
		}
	}
	switch {
	case len(plan.Args) == 0:
		container.Args = arguments
	case len(plan.Command) > 0:
		if container.Args, err = executed(plan.Args, data); err != nil {
			return nil, err
		}
		if len(arguments) > 0 && !plan.TakesArgs {
			warnings = append(warnings, "the runtime template does not use the arguments of the workload")
		}
	default:
		texts, err := executed(plan.Args, data)
		if err != nil {
			return nil, err
		}
		container.Args = nil
		for _, text := range texts {
			for line := range strings.Lines(text) {
				if line = strings.TrimSpace(line); line != "" {
					container.Args = append(container.Args, line)
				}
			}
		}
		if !plan.TakesArgs {
			container.Args = append(container.Args, arguments...)
		}
	}
	return warnings, nil
}

func executed(templates []*template.Template, data map[string]any) ([]string, error) {
	texts := make([]string, len(templates))
	for at, one := range templates {
		var text strings.Builder
		if err := one.Execute(&text, data); err != nil {
			return nil, err
		}
		texts[at] = text.String()
	}
	return texts, nil
}

// unmounted returns a warning if the container uses the path of the model and mounts nothing there.
func unmounted(container *corev1.Container, path string) string {
	for _, mount := range container.VolumeMounts {
		if at := strings.TrimRight(mount.MountPath, "/"); path == at || strings.HasPrefix(path, at+"/") {
			return ""
		}
	}
	for _, texts := range [][]string{container.Command, container.Args} {
		for _, text := range texts {
			if strings.Contains(text, path) {
				return "nothing is mounted at MODEL_PATH: " + path + "; mount the model unless the image has it"
			}
		}
	}
	return ""
}

func isPlaceholder(image string) bool {
	image = strings.TrimSpace(image)
	return image == "" || image == placeholder
}
