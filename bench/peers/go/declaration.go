package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// declaration is what a pod's labels and annotations say.
type declaration struct {
	runtime, modelID, modelName, modelPath, gpuType string
	modelPort, gpuCount, tpSize, ppSize, dpSize     int // -1: not said
	groupSize                                       int
	leader                                          bool
}

func declarationOf(pod *corev1.Pod) (*declaration, error) {
	declared := &declaration{
		runtime:   pod.Labels[runtimeKey],
		modelID:   pod.Labels[modelIDKey],
		modelName: pod.Annotations["hydra.io/model-name"],
		modelPath: pod.Annotations["hydra.io/model-path"],
		gpuType:   pod.Annotations["hydra.io/gpu-type"],
		groupSize: 1,
	}
	if declared.runtime == "" {
		return nil, fmt.Errorf("label %s is missing", runtimeKey)
	}
	if declared.modelID == "" {
		return nil, fmt.Errorf("label %s is missing", modelIDKey)
	}
	for _, one := range []struct {
		key   string
		least int
		into  *int
	}{
		{"hydra.io/model-port", 1, &declared.modelPort},
		{"hydra.io/gpu-count", 0, &declared.gpuCount},
		{"hydra.io/tensor-parallel-size", 1, &declared.tpSize},
		{"hydra.io/pipeline-parallel-size", 1, &declared.ppSize},
		{"hydra.io/data-parallel-size", 1, &declared.dpSize},
	} {
		*one.into = -1
		text, found := pod.Annotations[one.key]
		if !found {
			continue
		}
		number, err := strconv.Atoi(text)
		if err != nil || number < one.least {
			return nil, fmt.Errorf("annotation %s: %q is not an integer of at least %d", one.key, text, one.least)
		}
		*one.into = number
	}
	if _, found := pod.Labels["leaderworkerset.sigs.k8s.io/name"]; found {
		if size, err := strconv.Atoi(pod.Annotations["leaderworkerset.sigs.k8s.io/size"]); err == nil && size > 1 {
			declared.groupSize = size
			declared.leader = pod.Labels["leaderworkerset.sigs.k8s.io/worker-index"] == "0"
		}
	}
	return declared, nil
}

// accelerators are the GPU types of extended resources.
var accelerators = map[corev1.ResourceName]string{
	"nvidia.com/gpu":       "nvidia-gpu",
	"nvidia.com/vgpu":      "nvidia-vgpu",
	"metax-tech.com/gpu":   "metax-gpu",
	"huawei.com/Ascend910": "ascend-gpu-910",
}

// gpusOf returns the GPU type of a container and how many it asks for.
func gpusOf(container *corev1.Container) (gpuType string, count int) {
	for name, quantity := range container.Resources.Limits {
		if gpuType, found := accelerators[name]; found && !quantity.IsZero() {
			return gpuType, int(quantity.Value())
		}
	}
	return "cpu", 0
}

// inferenceContainer returns the container to fill in.
func inferenceContainer(pod *corev1.Pod) (*corev1.Container, error) {
	containers := pod.Spec.Containers
	for _, key := range []string{"hydra.io/container", defaultContainerKey} {
		name, found := pod.Annotations[key]
		if !found {
			continue
		}
		for at := range containers {
			if containers[at].Name == name {
				return &containers[at], nil
			}
		}
		return nil, fmt.Errorf("annotation %s: the pod has no container %q", key, name)
	}
	for _, chosen := range []func(*corev1.Container) bool{
		func(one *corev1.Container) bool { return isPlaceholder(one.Image) },
		func(one *corev1.Container) bool { gpuType, _ := gpusOf(one); return gpuType != "cpu" },
		func(*corev1.Container) bool { return true },
	} {
		for at := range containers {
			if containers[at].Name != "istio-proxy" && chosen(&containers[at]) {
				return &containers[at], nil
			}
		}
	}
	return nil, fmt.Errorf("the pod has no container to fill in")
}

var notOfLabel = regexp.MustCompile("[^a-z0-9]")

// variables returns the data of every template.
func variables(declared *declaration, plan *Plan, container *corev1.Container, namespace, gpuType string, counted int) map[string]any {
	distributed := declared.groupSize > 1
	gpuCount := declared.gpuCount
	if gpuCount < 0 {
		gpuCount = counted
	}
	role := "lone"
	if distributed && declared.leader {
		role = "leader"
	} else if distributed {
		role = "worker"
	}
	slug := strings.Trim(notOfLabel.ReplaceAllString(strings.ToLower(declared.modelID), "-"), "-")
	if len(slug) > 52 {
		slug = strings.TrimRight(slug[:52], "-")
	}
	arguments := make([]string, 0, len(plan.AgentArgs)+len(container.Args))
	arguments = append(append(arguments, plan.AgentArgs...), container.Args...)
	return map[string]any{
		"RUN_TIME":        declared.runtime,
		"MODEL_ID":        declared.modelID,
		"MODEL_NAME":      firstText(declared.modelName, declared.modelID),
		"MODEL_SLUG":      slug,
		"MODEL_PATH":      firstText(declared.modelPath, "/data/serving-model"),
		"MODEL_HOST":      "0.0.0.0",
		"MODEL_PORT":      firstNumber(declared.modelPort, 8000),
		"RAY_PORT":        6379,
		"CLUSTER":         "",
		"NAMESPACE":       namespace,
		"IS_DISTRIBUTED":  distributed,
		"IS_LEADER":       role == "leader",
		"ROLE":            role,
		"TP_SIZE":         firstNumber(declared.tpSize, max(gpuCount, 1)),
		"PP_SIZE":         firstNumber(declared.ppSize, declared.groupSize),
		"DP_SIZE":         firstNumber(declared.dpSize, 1),
		"CUSTOM_ARGS":     arguments,
		"CONTAINER_NAME":  container.Name,
		"GPU_TYPE":        gpuType,
		"GPU_COUNT":       gpuCount,
		"GROUP_SIZE":      declared.groupSize,
		"TOTAL_GPU_COUNT": gpuCount * declared.groupSize,
	}
}

func firstText(said, otherwise string) string {
	if said != "" {
		return said
	}
	return otherwise
}

func firstNumber(said, otherwise int) int {
	if said >= 0 {
		return said
	}
	return otherwise
}
