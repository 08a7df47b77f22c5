package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"text/template"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"
)

// Catalog is the configuration: everything that does not depend on a pod is computed when it is loaded.
type Catalog struct {
	plans map[string][]*Plan // by runtime, in the order of the agent entries
}

// Plan is how the pods of one runtime are filled in where one agent entry applies.
type Plan struct {
	GPUTypes  []string // that the agent entry matches; empty: all
	Matches   string
	Image     string
	AgentArgs []string
	Command   []*template.Template
	Args      []*template.Template
	// TakesArgs is whether a template prints the arguments of the workload itself.
	TakesArgs bool
	// Container and Pod are the fields to fill in, those of the agent entry before those of the runtime template.
	Container corev1.Container
	Pod       corev1.PodSpec
	// Revision, Entry and Template are digests of what the plan was made from.
	Revision, Entry, Template string
}

type runtimeTemplate struct {
	Runtime     string          `json:"runtime"`
	RenderAll   bool            `json:"renderAll"`
	PodTemplate json.RawMessage `json:"podTemplate"`
}

type podFields struct {
	corev1.PodSpec    `json:",inline"`
	SecurityContext   *corev1.PodSecurityContext `json:"podSecurityContext"`
	ContainerTemplate containerFields            `json:"containerTemplate"`
}

type containerFields struct {
	corev1.Container `json:",inline"`
	CommandTemplate  []string `json:"commandTemplate"`
	ArgsTemplate     []string `json:"argsTemplate"`
}

type agentEntry struct {
	MatchRuntimes []string       `json:"match_runtimes"`
	MatchGPUTypes []string       `json:"match_gpu_types"`
	Container     agentContainer `json:"container_template"`
	Pod           corev1.PodSpec `json:"pod_template"`
}

type agentContainer struct {
	corev1.Container `json:",inline"`
	Image            struct {
		Registry   string `json:"registry"`
		Repository string `json:"repository"`
		Tag        string `json:"tag"`
	} `json:"image"`
}

// LoadCatalog reads the two files. It passes over runtimes with renderAll, whose fields are templates and so have no types.
func LoadCatalog(templatesFile, agentFile string) (*Catalog, error) {
	var templates struct {
		Templates []runtimeTemplate `json:"templates"`
	}
	var agent struct {
		Entries []agentEntry `json:"deployment_templates"`
	}
	if err := readYAML(templatesFile, &templates); err != nil {
		return nil, err
	}
	if err := readYAML(agentFile, &agent); err != nil {
		return nil, err
	}
	catalog := &Catalog{plans: map[string][]*Plan{}}
	for _, one := range templates.Templates {
		if one.RenderAll {
			continue
		}
		for _, entry := range agent.Entries {
			if len(entry.MatchRuntimes) > 0 && !slices.Contains(entry.MatchRuntimes, one.Runtime) {
				continue
			}
			plan, err := newPlan(one, entry)
			if err != nil {
				return nil, fmt.Errorf("%s: runtime %s: %w", templatesFile, one.Runtime, err)
			}
			catalog.plans[one.Runtime] = append(catalog.plans[one.Runtime], plan)
		}
	}
	return catalog, nil
}

// Plan returns the first plan for a runtime on a GPU type.
func (c *Catalog) Plan(runtime, gpuType string) (*Plan, error) {
	plans, found := c.plans[runtime]
	if !found {
		return nil, fmt.Errorf("runtime %q has no template", runtime)
	}
	for _, plan := range plans {
		if len(plan.GPUTypes) == 0 || slices.Contains(plan.GPUTypes, gpuType) {
			return plan, nil
		}
	}
	return nil, fmt.Errorf("no agent entry matches runtime %q on GPU type %q", runtime, gpuType)
}

func newPlan(one runtimeTemplate, entry agentEntry) (*Plan, error) {
	var fields podFields
	if err := json.Unmarshal(one.PodTemplate, &fields); err != nil {
		return nil, err
	}
	command, err := parse("commandTemplate", fields.ContainerTemplate.CommandTemplate)
	if err != nil {
		return nil, err
	}
	args, err := parse("argsTemplate", fields.ContainerTemplate.ArgsTemplate)
	if err != nil {
		return nil, err
	}
	fields.PodSpec.SecurityContext = fields.SecurityContext
	plan := &Plan{
		GPUTypes:  entry.MatchGPUTypes,
		Matches:   fmt.Sprintf("runtimes %s; GPU types %s", strings.Join(entry.MatchRuntimes, ", "), strings.Join(entry.MatchGPUTypes, ", ")),
		Image:     imageOf(entry.Container),
		AgentArgs: entry.Container.Args,
		Command:   command,
		Args:      args,
		TakesArgs: slices.ContainsFunc(slices.Concat(fields.ContainerTemplate.CommandTemplate, fields.ContainerTemplate.ArgsTemplate),
			func(text string) bool { return strings.Contains(text, ".CUSTOM_ARGS") }),
		Container: *entry.Container.Container.DeepCopy(),
		Pod:       *entry.Pod.DeepCopy(),
		Entry:     digest(entry),
		Template:  digest(one),
		Revision:  digest([]any{one, entry}),
	}
	plan.Container.Args = nil
	MergeContainer(&plan.Container, &fields.ContainerTemplate.Container)
	MergePod(&plan.Pod, &fields.PodSpec)
	return plan, nil
}

func imageOf(container agentContainer) string {
	image := container.Image.Repository
	if container.Image.Registry != "" {
		image = container.Image.Registry + "/" + image
	}
	if container.Image.Tag != "" {
		image += ":" + container.Image.Tag
	}
	return image
}

func parse(name string, texts []string) ([]*template.Template, error) {
	parsed := make([]*template.Template, len(texts))
	for at, text := range texts {
		one, err := template.New(fmt.Sprintf("%s[%d]", name, at)).Option("missingkey=error").Parse(text)
		if err != nil {
			return nil, err
		}
		parsed[at] = one
	}
	return parsed, nil
}

func readYAML(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// digest returns 16 hexadecimal digits that change with a value.
func digest(value any) string {
	encoded, err := json.Marshal(value)
	if err != nil {
		panic(err) // only for what JSON cannot hold, such as channels
	}
	sum := sha256.Sum256(encoded)
	return hex.EncodeToString(sum[:8])
}
