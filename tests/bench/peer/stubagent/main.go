// stubagent answers the agent's task API after a fixed delay and does nothing else, so that a benchmark
// measures the operator alone. GET /count gives how many different tasks it was given, GET /arrivals
// when each of them came: its id to nanoseconds of the system's clock.
package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"
)

type task struct {
	ID     string          `json:"id"`
	Kind   string          `json:"kind"`
	Tenant string          `json:"tenant"`
	State  string          `json:"state"`
	Result json.RawMessage `json:"result,omitempty"`
}

func main() {
	listen := flag.String("listen", "127.0.0.1:19443", "address")
	delay := flag.Duration("delay", time.Millisecond, "time that a task takes")
	ca := flag.String("ca", "", "CA of clients")
	certificate := flag.String("cert", "", "server certificate")
	key := flag.String("key", "", "server key")
	flag.Parse()
	var mutex sync.Mutex
	tasks := map[string]*task{}
	arrivals := map[string]int64{}
	events := map[chan task]bool{}
	mux := http.NewServeMux()
	reply := func(w http.ResponseWriter, code int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(code)
		_ = json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("/v1/tasks", func(w http.ResponseWriter, r *http.Request) {
		arrived := time.Now().UnixNano()
		t := &task{}
		if r.Method != http.MethodPost || json.NewDecoder(r.Body).Decode(t) != nil {
			reply(w, http.StatusBadRequest, map[string]string{"error": "POST a task"})
			return
		}
		mutex.Lock()
		if old, again := tasks[t.ID]; again {
			copied := *old
			mutex.Unlock()
			reply(w, http.StatusOK, copied)
			return
		}
		t.State = "Running"
		tasks[t.ID] = t
		arrivals[t.ID] = arrived
		copied := *t
		mutex.Unlock()
		time.AfterFunc(*delay, func() {
			mutex.Lock()
			defer mutex.Unlock()
			t.State, t.Result = "Succeeded", json.RawMessage(`{}`)
			for c := range events {
				select {
				case c <- *t:
				default:
				}
			}
		})
		reply(w, http.StatusAccepted, copied)
	})
	mux.HandleFunc("/v1/tasks/", func(w http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		if t, ok := tasks[strings.TrimPrefix(r.URL.Path, "/v1/tasks/")]; ok {
			reply(w, http.StatusOK, *t)
			return
		}
		reply(w, http.StatusNotFound, map[string]string{"error": "no such task"})
	})
	mux.HandleFunc("/v1/events", func(w http.ResponseWriter, r *http.Request) {
		c := make(chan task, 65536)
		mutex.Lock()
		events[c] = true
		mutex.Unlock()
		defer func() { mutex.Lock(); delete(events, c); mutex.Unlock() }()
		w.Header().Set("Content-Type", "application/x-ndjson")
		w.(http.Flusher).Flush()
		encoder := json.NewEncoder(w)
		for {
			select {
			case <-r.Context().Done():
				return
			case t := <-c:
				if encoder.Encode(t) != nil {
					return
				}
				w.(http.Flusher).Flush()
			}
		}
	})
	mux.HandleFunc("/v1/info", func(w http.ResponseWriter, r *http.Request) {
		reply(w, http.StatusOK,
			map[string]any{"version": "stub", "protocolVersion": 1, "capabilities": map[string]any{}})
	})
	mux.HandleFunc("/count", func(w http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		fmt.Fprintln(w, len(tasks))
	})
	mux.HandleFunc("/arrivals", func(w http.ResponseWriter, r *http.Request) {
		mutex.Lock()
		defer mutex.Unlock()
		reply(w, http.StatusOK, arrivals)
	})
	server := &http.Server{Addr: *listen, Handler: mux}
	var err error
	if *ca == "" {
		err = server.ListenAndServe()
	} else {
		pem, readError := os.ReadFile(*ca)
		if readError != nil {
			fmt.Fprintln(os.Stderr, "stubagent:", readError)
			os.Exit(1)
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(pem)
		server.TLSConfig = &tls.Config{
			ClientCAs: pool, ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS13,
		}
		err = server.ListenAndServeTLS(*certificate, *key)
	}
	fmt.Fprintln(os.Stderr, "stubagent:", err)
	os.Exit(1)
}
