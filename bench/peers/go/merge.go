package main

import (
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// MergePod fills in what a pod lacks. Entries of lists that Kubernetes merges by key are added if their key is new; every other
// field is set where it is absent, in maps and nested structs key by key.
func MergePod(pod, fields *corev1.PodSpec) {
	pod.Volumes = added(pod.Volumes, fields.Volumes, func(one corev1.Volume) string { return one.Name })
	own := pod.InitContainers
	pod.InitContainers = prepended(own, fields.InitContainers, func(one corev1.Container) string { return one.Name })
	for _, toleration := range fields.Tolerations {
		if !slices.ContainsFunc(pod.Tolerations, func(one corev1.Toleration) bool { return reflect.DeepEqual(one, toleration) }) {
			pod.Tolerations = append(pod.Tolerations, toleration)
		}
	}
	fill(reflect.ValueOf(pod).Elem(), reflect.ValueOf(fields).Elem())
}

// MergeContainer does the same with a container.
func MergeContainer(container, fields *corev1.Container) {
	container.Env = prepended(container.Env, fields.Env, func(one corev1.EnvVar) string { return one.Name })
	container.VolumeMounts = added(container.VolumeMounts, fields.VolumeMounts,
		func(one corev1.VolumeMount) string { return strings.TrimRight(one.MountPath, "/") })
	container.Ports = added(container.Ports, fields.Ports, func(one corev1.ContainerPort) portKey {
		if one.Protocol == "" {
			return portKey{one.ContainerPort, corev1.ProtocolTCP}
		}
		return portKey{one.ContainerPort, one.Protocol}
	})
	fill(reflect.ValueOf(container).Elem(), reflect.ValueOf(fields).Elem())
}

type portKey struct {
	port     int32
	protocol corev1.Protocol
}

func added[T any, K comparable](own, others []T, key func(T) K) []T {
	return append(own[:len(own):len(own)], missing(own, others, key)...)
}

func prepended[T any, K comparable](own, others []T, key func(T) K) []T {
	return append(missing(own, others, key), own...)
}

// missing returns those of the others whose key is new.
func missing[T any, K comparable](own, others []T, key func(T) K) []T {
	var found []T
	for _, other := range others {
		if !slices.ContainsFunc(own, func(one T) bool { return key(one) == key(other) }) {
			found = append(found, other)
		}
	}
	return found
}

// fill sets each field that is zero in own to that of other.
func fill(own, other reflect.Value) {
	for at := range own.NumField() {
		mine, its := own.Field(at), other.Field(at)
		switch {
		case its.IsZero():
		case mine.IsZero():
			mine.Set(its)
		case mine.Kind() == reflect.Struct:
			fill(mine, its)
		case mine.Kind() == reflect.Pointer && mine.Elem().Kind() == reflect.Struct:
			fill(mine.Elem(), its.Elem())
		case mine.Kind() == reflect.Map:
			for _, key := range its.MapKeys() {
				if !mine.MapIndex(key).IsValid() {
					mine.SetMapIndex(key, its.MapIndex(key))
				}
			}
		}
	}
}
