// kstatus judges live objects by the two outside rule books that GitOps tools use: kstatus (Argo CD,
// Flux, kpt) and Flux's condition checker. It reads objects as JSON (one, or a List) from standard
// input:
//
//	kubectl get tenants,fixturesets -A -o json | kstatus [-fail InProgress,Failed]
//
// and prints one line for each: kind/namespace/name, the kstatus verdict, and Flux's findings. Exit
// code 1 where Flux finds a FAIL, or where a verdict is named by -fail.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

var negative = map[string]bool{"Reconciling": true, "Stalled": true}

type condition struct {
	kind, status, reason string
	observed             int64
}

func conditions(o map[string]any) (out []condition, err error) {
	raw, _, err := unstructured.NestedSlice(o, "status", "conditions")
	for _, r := range raw {
		m := r.(map[string]any)
		c := condition{
			kind:     fmt.Sprint(m["type"]),
			status:   fmt.Sprint(m["status"]),
			reason:   fmt.Sprint(m["reason"]),
			observed: -2,
		}
		if v, ok := m["observedGeneration"].(int64); ok {
			c.observed = v
		}
		out = append(out, c)
	}
	return out, err
}

// findings applies the rules of fluxcd/pkg runtime/conditions/check to one object.
func findings(o *unstructured.Unstructured) (bad []string) {
	cs, err := conditions(o.Object)
	if err != nil {
		return []string{"FAIL conditions are not a list"}
	}
	by := map[string]condition{}
	for _, c := range cs {
		if _, twice := by[c.kind]; twice {
			bad = append(bad, "FAIL two conditions of type "+c.kind)
		}
		by[c.kind] = c
		if c.reason == "" || c.reason == "<nil>" {
			bad = append(bad, "FAIL "+c.kind+" has no reason")
		}
		if negative[c.kind] && c.status == "False" {
			bad = append(bad, "WARN "+c.kind+" is False: it should be absent")
		}
	}
	generation := o.GetGeneration()
	og, found, _ := unstructured.NestedInt64(o.Object, "status", "observedGeneration")
	ready, has := by["Ready"]
	if !has {
		return append(bad, "FAIL0002 no Ready")
	}
	reconciling, stalled := by["Reconciling"].status == "True", by["Stalled"].status == "True"
	if ready.status == "True" && (reconciling || stalled) {
		bad = append(bad, "FAIL0001 Ready beside Reconciling or Stalled")
	}
	if stalled && ready.status != "False" {
		bad = append(bad, "FAIL0004 Stalled but Ready is "+ready.status)
	}
	if reconciling && stalled {
		bad = append(bad, "FAIL0005 Reconciling and Stalled")
	}
	if og > generation {
		bad = append(bad, "FAIL0006 observedGeneration beyond generation")
	}
	if (!found || og < generation) && ready.status == "True" {
		bad = append(bad, "FAIL0007 Ready for an old generation")
	}
	if ready.status == "True" {
		for _, c := range cs {
			if c.observed != -2 && c.observed != og {
				bad = append(bad, "FAIL0009 "+c.kind+" observed another generation")
			}
		}
	}
	if ready.status == "Unknown" && !reconciling {
		bad = append(bad, "FAIL0011 Ready Unknown without Reconciling")
	}
	return bad
}

func fatal(arguments ...any) {
	fmt.Fprintln(os.Stderr, append([]any{"kstatus:"}, arguments...)...)
	os.Exit(2)
}

// readObjects reads one object, or the items of a List.
func readObjects() (objects []*unstructured.Unstructured) {
	var in map[string]any
	if err := json.NewDecoder(os.Stdin).Decode(&in); err != nil {
		fatal("cannot read JSON:", err)
	}
	items, isList := in["items"].([]any)
	if !isList {
		items = []any{in}
	}
	for _, item := range items {
		o := &unstructured.Unstructured{}
		b, _ := json.Marshal(item)
		if err := o.UnmarshalJSON(b); err != nil {
			fatal(err)
		}
		objects = append(objects, o)
	}
	return objects
}

func main() {
	failOn := flag.String("fail", "", "verdicts that count as failures, e.g. InProgress,Failed")
	flag.Parse()
	exit := 0
	for _, o := range readObjects() {
		r, err := status.Compute(o)
		verdict := "error"
		if err == nil {
			verdict = string(r.Status)
		}
		bad := findings(o)
		fmt.Printf("%s/%s/%s %s %s\n", o.GetKind(), o.GetNamespace(), o.GetName(), verdict,
			strings.Join(bad, "; "))
		for _, f := range bad {
			if strings.HasPrefix(f, "FAIL") {
				exit = 1
			}
		}
		for _, v := range strings.Split(*failOn, ",") {
			if v == verdict {
				exit = 1
			}
		}
	}
	os.Exit(exit)
}
