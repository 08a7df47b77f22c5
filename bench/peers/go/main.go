// Command webhook does the same job as the Hydra runtime webhook for bare pods, the way controller-runtime's users write such
// a webhook: decode into typed structs, change them, and send the difference of the encoded pods as a JSON patch.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"runtime/debug"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/controller-runtime/pkg/webhook"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
)

func main() {
	host := flag.String("host", "127.0.0.1", "address to listen on")
	port := flag.Int("port", 9443, "port to listen on")
	certDir := flag.String("cert-dir", "", "folder with tls.crt and tls.key")
	templates := flag.String("templates", "", "file with the runtime templates")
	agent := flag.String("agent", "", "file with the agent configuration")
	version := flag.Bool("version", false, "print the versions of Go and of controller-runtime, and exit")
	flag.Parse()
	if *version {
		printVersions()
		return
	}

	ctrl.SetLogger(zap.New(zap.UseDevMode(false)))
	log := ctrl.Log.WithName("webhook")
	if err := serve(*host, *port, *certDir, *templates, *agent); err != nil {
		log.Error(err, "cannot serve")
		os.Exit(1)
	}
}

func printVersions() {
	info, _ := debug.ReadBuildInfo()
	for _, module := range info.Deps {
		if module.Path == "sigs.k8s.io/controller-runtime" {
			fmt.Println(strings.TrimPrefix(info.GoVersion, "go"), strings.TrimPrefix(module.Version, "v"))
		}
	}
}

func serve(host string, port int, certDir, templates, agent string) error {
	if certDir == "" || templates == "" || agent == "" {
		return errors.New("--cert-dir, --templates and --agent are required")
	}
	catalog, err := LoadCatalog(templates, agent)
	if err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	utilruntime.Must(corev1.AddToScheme(scheme))
	server := webhook.NewServer(webhook.Options{Host: host, Port: port, CertDir: certDir})
	server.Register("/mutate", &admission.Webhook{Handler: &Injector{
		Catalog: catalog,
		Decoder: admission.NewDecoder(scheme),
		Log:     ctrl.Log.WithName("admission"),
	}})
	return server.Start(ctrl.SetupSignalHandler())
}
