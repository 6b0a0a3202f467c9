// twin is the yardstick for tenantry-operator's benchmarks: the same work, written the way a good Go
// operator is written today (controller-runtime, typed objects, cached reads, no client-side rate
// limit, label-scoped Secret and ConfigMap caches). For each Tenant: a finalizer, a binding Secret, a
// config ConfigMap, one task on an agent, one status patch.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"
)

var group = schema.GroupVersion{Group: "tenantry.dev", Version: "v1alpha1"}

const finalizer = "tenantry.dev/release-tenant"

type TenantSpec struct {
	DisplayName  string                     `json:"displayName,omitempty"`
	TenantID     string                     `json:"tenantID,omitempty"`
	Tier         string                     `json:"tier,omitempty"`
	AdminEmail   string                     `json:"adminEmail,omitempty"`
	DataStoreRef map[string]string          `json:"dataStoreRef,omitempty"`
	Isolation    string                     `json:"isolation,omitempty"`
	Config       map[string]json.RawMessage `json:"config,omitempty"`
	Features     []string                   `json:"features,omitempty"`
}
type TenantStatus struct {
	ObservedGeneration int64              `json:"observedGeneration,omitempty"`
	Conditions         []metav1.Condition `json:"conditions,omitempty"`
	Binding            map[string]string  `json:"binding,omitempty"`
}
type Tenant struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`
	Spec              TenantSpec   `json:"spec,omitempty"`
	Status            TenantStatus `json:"status,omitempty"`
}
type TenantList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Tenant `json:"items"`
}

func (t *Tenant) DeepCopyObject() runtime.Object {
	out := &Tenant{
		TypeMeta: t.TypeMeta, ObjectMeta: *t.ObjectMeta.DeepCopy(), Spec: t.Spec, Status: t.Status,
	}
	out.Status.Conditions = append([]metav1.Condition(nil), t.Status.Conditions...)
	return out
}
func (l *TenantList) DeepCopyObject() runtime.Object {
	out := &TenantList{TypeMeta: l.TypeMeta, ListMeta: l.ListMeta}
	for i := range l.Items {
		out.Items = append(out.Items, *l.Items[i].DeepCopyObject().(*Tenant))
	}
	return out
}

type reconciler struct {
	client.Client
	agent string
	http  *http.Client
}

func (r *reconciler) Reconcile(ctx context.Context, request ctrl.Request) (ctrl.Result, error) {
	tenant := &Tenant{}
	if err := r.Get(ctx, request.NamespacedName, tenant); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if !tenant.DeletionTimestamp.IsZero() {
		if controllerutil.RemoveFinalizer(tenant, finalizer) {
			return ctrl.Result{}, client.IgnoreNotFound(r.Update(ctx, tenant))
		}
		return ctrl.Result{}, nil
	}
	ready := meta.FindStatusCondition(tenant.Status.Conditions, "Ready")
	if tenant.Status.ObservedGeneration == tenant.Generation && ready != nil &&
		ready.Status == metav1.ConditionTrue {
		return ctrl.Result{RequeueAfter: 10 * time.Minute}, nil
	}
	if !controllerutil.ContainsFinalizer(tenant, finalizer) {
		before := tenant.DeepCopyObject().(*Tenant)
		controllerutil.AddFinalizer(tenant, finalizer)
		if err := r.Patch(ctx, tenant, client.MergeFrom(before)); err != nil {
			return ctrl.Result{}, err
		}
	}
	if err := r.ensureBinding(ctx, tenant); err != nil {
		return ctrl.Result{}, err
	}
	if err := r.ensureConfig(ctx, tenant); err != nil {
		return ctrl.Result{}, err
	}
	if err := r.runTask(ctx, tenant); err != nil {
		return ctrl.Result{}, err
	}
	before := tenant.DeepCopyObject().(*Tenant)
	tenant.Status.ObservedGeneration = tenant.Generation
	tenant.Status.Binding = map[string]string{"name": tenant.Name + "-connection"}
	meta.SetStatusCondition(&tenant.Status.Conditions, metav1.Condition{
		Type: "Ready", Status: metav1.ConditionTrue, Reason: "Succeeded", Message: "provisioned",
		ObservedGeneration: tenant.Generation})
	return ctrl.Result{RequeueAfter: 10 * time.Minute},
		r.Status().Patch(ctx, tenant, client.MergeFrom(before))
}

func child(tenant *Tenant, suffix string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: tenant.Name + suffix, Namespace: tenant.Namespace,
		Labels: map[string]string{"tenantry.dev/managed": "true", "tenantry.dev/tenant": tenant.Name}}
}

func (r *reconciler) ensureBinding(ctx context.Context, tenant *Tenant) error {
	secret := &corev1.Secret{
		ObjectMeta: child(tenant, "-connection"), Type: "servicebinding.io/postgresql",
	}
	err := r.Get(ctx, client.ObjectKeyFromObject(secret), &corev1.Secret{})
	if !apierrors.IsNotFound(err) {
		return err
	}
	password := make([]byte, 24)
	_, _ = rand.Read(password)
	secret.StringData = map[string]string{
		"type": "postgresql", "host": "postgres", "port": "5432", "database": "app",
		"username": "tenant_" + tenant.Name + "_app", "password": hex.EncodeToString(password)}
	if err := controllerutil.SetControllerReference(tenant, secret, r.Scheme()); err != nil {
		return err
	}
	return client.IgnoreAlreadyExists(r.Create(ctx, secret))
}

func (r *reconciler) ensureConfig(ctx context.Context, tenant *Tenant) error {
	config := &corev1.ConfigMap{ObjectMeta: child(tenant, "-config")}
	err := r.Get(ctx, client.ObjectKeyFromObject(config), &corev1.ConfigMap{})
	if !apierrors.IsNotFound(err) {
		return err
	}
	document, _ := json.Marshal(tenant.Spec.Config)
	config.Data = map[string]string{"config.json": string(document)}
	if err := controllerutil.SetControllerReference(tenant, config, r.Scheme()); err != nil {
		return err
	}
	return client.IgnoreAlreadyExists(r.Create(ctx, config))
}

func (r *reconciler) runTask(ctx context.Context, tenant *Tenant) error {
	body, _ := json.Marshal(map[string]any{
		"id":   fmt.Sprintf("%s-%d-provision", tenant.UID, tenant.Generation),
		"kind": "Provision", "tenant": tenant.Spec.TenantID, "spec": tenant.Spec})
	request, err := http.NewRequestWithContext(
		ctx, http.MethodPost, r.agent+"/v1/tasks", bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := r.http.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	var task struct{ ID, State string }
	if err := json.NewDecoder(response.Body).Decode(&task); err != nil {
		return err
	}
	for task.State != "Succeeded" {
		if task.State == "Failed" || task.State == "Cancelled" {
			return fmt.Errorf("task %s: %s", task.ID, task.State)
		}
		time.Sleep(5 * time.Millisecond)
		poll, err := r.http.Get(r.agent + "/v1/tasks/" + task.ID)
		if err != nil {
			return err
		}
		err = json.NewDecoder(poll.Body).Decode(&task)
		_, _ = io.Copy(io.Discard, poll.Body)
		poll.Body.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func agentClient(ca, certificate, key string) *http.Client {
	if ca == "" {
		return &http.Client{
			Transport: &http.Transport{MaxIdleConnsPerHost: 64}, Timeout: 30 * time.Second,
		}
	}
	pem, err := os.ReadFile(ca)
	fatal(err)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	pair, err := tls.LoadX509KeyPair(certificate, key)
	fatal(err)
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64,
		TLSClientConfig: &tls.Config{
			RootCAs: pool, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS13,
		}}}
}

func fatal(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "twin:", err)
		os.Exit(1)
	}
}

func main() {
	agent := flag.String("agent", "", "base URL of the agent, https://host:port or http://host:port")
	ca := flag.String("ca", "", "CA file")
	certificate := flag.String("cert", "", "client certificate file")
	key := flag.String("key", "", "client key file")
	workers := flag.Int("max-concurrent-reconciles", 10, "reconciles side by side")
	metrics := flag.String("metrics-bind-address", "127.0.0.1:18080", "metrics address")
	flag.Parse()
	ctrl.SetLogger(zap.New(zap.UseDevMode(false)))
	scheme := runtime.NewScheme()
	fatal(clientgoscheme.AddToScheme(scheme))
	scheme.AddKnownTypes(group, &Tenant{}, &TenantList{})
	metav1.AddToGroupVersion(scheme, group)
	config, err := ctrl.GetConfig()
	fatal(err)
	config.QPS = -1
	ours := cache.ByObject{
		Label: labels.SelectorFromSet(labels.Set{"tenantry.dev/managed": "true"}),
	}
	manager, err := ctrl.NewManager(config, ctrl.Options{Scheme: scheme,
		Metrics: metricsserver.Options{BindAddress: *metrics},
		Cache: cache.Options{ByObject: map[client.Object]cache.ByObject{
			&corev1.Secret{}: ours, &corev1.ConfigMap{}: ours,
		}}})
	fatal(err)
	r := &reconciler{
		Client: manager.GetClient(), agent: *agent, http: agentClient(*ca, *certificate, *key),
	}
	fatal(ctrl.NewControllerManagedBy(manager).For(&Tenant{}).
		Owns(&corev1.Secret{}).Owns(&corev1.ConfigMap{}).
		WithOptions(controller.Options{MaxConcurrentReconciles: *workers}).Complete(r))
	fatal(manager.Start(ctrl.SetupSignalHandler()))
}
