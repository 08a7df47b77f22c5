// Command oracle renders templates with Go's text/template.
//
// It reads JSON lines {"template": text, "data": object, "name": optional name} and
// writes, for each, {"verdict": "ok" | "parse" | "exec", "output": text, "error": text}.
// A whole JSON number becomes an int, any other number a float64, a list of strings a
// []string, any other list a []any, and an object a map[string]any. With "repeat": n the
// template is also parsed and rendered n times, and the answer has the nanoseconds of one.
//
// The program exits at a template that takes longer than two seconds, after answering those before it.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"log"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"text/template"
	"time"
)

type question struct {
	Name     string          `json:"name"`
	Template string          `json:"template"`
	Data     json.RawMessage `json:"data"`
	Repeat   int             `json:"repeat"`
}

type answer struct {
	Verdict   string `json:"verdict"`
	Output    string `json:"output"`
	Error     string `json:"error,omitempty"`
	Tree      string `json:"tree,omitempty"`
	RenderNs  int64  `json:"render_ns,omitempty"`
	CompileNs int64  `json:"compile_ns,omitempty"`
}

// typed converts a decoded JSON value to the Go types described above.
func typed(value any) any {
	switch v := value.(type) {
	case json.Number:
		if i, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return int(i)
		}
		f, _ := v.Float64()
		return f
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			out[key] = typed(item)
		}
		return out
	case []any:
		texts := make([]string, 0, len(v))
		items := make([]any, len(v))
		for i, item := range v {
			if text, ok := item.(string); ok {
				texts = append(texts, text)
			}
			items[i] = typed(item)
		}
		if len(texts) == len(items) {
			return texts[:len(texts):len(texts)]
		}
		return items
	default:
		return v
	}
}

// bounded is a writer that accepts only a few megabytes.
type bounded struct{ bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > 8<<20 {
		return 0, io.ErrShortWrite
	}
	return b.Buffer.Write(p)
}

func measure(repeat int, work func()) int64 {
	begin := time.Now()
	for range repeat {
		work()
	}
	return time.Since(begin).Nanoseconds() / int64(repeat)
}

func ask(q question) answer {
	name := q.Name
	if name == "" {
		name = "t"
	}
	decoder := json.NewDecoder(bytes.NewReader(q.Data))
	decoder.UseNumber()
	var raw any
	if len(q.Data) > 0 {
		if err := decoder.Decode(&raw); err != nil {
			log.Fatalf("data: %v", err)
		}
	}
	data := typed(raw)
	compiled, err := template.New(name).Parse(q.Template)
	if err != nil {
		return answer{Verdict: "parse", Error: err.Error()}
	}
	var out bounded
	if err := compiled.Execute(&out, data); err != nil {
		return answer{Verdict: "exec", Error: err.Error(), Tree: compiled.Root.String()}
	}
	reply := answer{Verdict: "ok", Output: out.String(), Tree: compiled.Root.String()}
	if q.Repeat > 0 {
		reply.RenderNs = measure(q.Repeat, func() {
			var text strings.Builder
			_ = compiled.Execute(&text, data)
		})
		reply.CompileNs = measure(q.Repeat, func() {
			_, _ = template.New(name).Parse(q.Template)
		})
	}
	return reply
}

// answerInTime also returns whether it gave up on the template: a loop can take hours.
func answerInTime(q question) (reply answer, late bool) {
	if q.Repeat > 0 {
		return ask(q), false
	}
	done := make(chan answer, 1)
	go func() { done <- ask(q) }()
	timer := time.NewTimer(2 * time.Second)
	defer timer.Stop()
	select {
	case reply = <-done:
		return reply, false
	case <-timer.C:
		return answer{}, true
	}
}

func main() {
	debug.SetMaxStack(512 << 20)
	in := bufio.NewReaderSize(os.Stdin, 1<<20)
	out := bufio.NewWriterSize(os.Stdout, 1<<20)
	defer out.Flush()
	decoder := json.NewDecoder(in)
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	for {
		var q question
		if err := decoder.Decode(&q); err == io.EOF {
			return
		} else if err != nil {
			log.Fatal(err)
		}
		reply, late := answerInTime(q)
		if late {
			return
		}
		if err := encoder.Encode(reply); err != nil {
			log.Fatal(err)
		}
		// the next template may be one that ends the program
		if err := out.Flush(); err != nil {
			log.Fatal(err)
		}
	}
}
