// Goroutines, channels, garbage collection, timers, a TCP and an HTTP server on loopback, files: the Go runtime's needs.
package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"sort"
	"strings"
	"sync"
	"syscall"
	"time"
)

type tree struct{ left, right *tree }

func grow(depth int) *tree {
	if depth == 0 {
		return &tree{}
	}
	return &tree{grow(depth - 1), grow(depth - 1)}
}

func (t *tree) count() int {
	if t.left == nil {
		return 1
	}
	return 1 + t.left.count() + t.right.count()
}

func must(err error) {
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
}

func pipeline() {
	numbers := make(chan int, 16)
	squares := make(chan int, 16)
	var workers sync.WaitGroup
	for w := 0; w < 8; w++ {
		workers.Add(1)
		go func() {
			defer workers.Done()
			for n := range numbers {
				squares <- n * n
			}
		}()
	}
	go func() {
		for n := 0; n < 20000; n++ {
			numbers <- n
		}
		close(numbers)
		workers.Wait()
		close(squares)
	}()
	sum := 0
	for s := range squares {
		sum += s
	}
	fmt.Println("squares", sum)
}

func garbage() {
	var group sync.WaitGroup
	counts := make([]int, 4)
	for w := range counts {
		group.Add(1)
		go func(w int) {
			defer group.Done()
			for i := 0; i < 8; i++ {
				counts[w] += grow(13).count()
			}
		}(w)
	}
	group.Wait()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	fmt.Println("trees", counts, "collected", stats.NumGC > 0)
}

func network() {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	go http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintf(w, "path %s %s", r.URL.Path, strings.Repeat("x", 100000))
	}))
	var group sync.WaitGroup
	lengths := make([]int, 20)
	for i := range lengths {
		group.Add(1)
		go func(i int) {
			defer group.Done()
			response, err := http.Get(fmt.Sprintf("http://%s/%d", listener.Addr(), i))
			must(err)
			body, err := io.ReadAll(response.Body)
			must(err)
			response.Body.Close()
			lengths[i] = len(body)
		}(i)
	}
	group.Wait()
	fmt.Println("http", lengths)
}

func main() {
	pipeline()
	garbage()
	network()
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGUSR1)
	must(syscall.Kill(os.Getpid(), syscall.SIGUSR1))
	fmt.Println("signal", <-signals)
	start := time.Now()
	ticker := time.NewTicker(5 * time.Millisecond)
	for i := 0; i < 5; i++ {
		<-ticker.C
	}
	fmt.Println("ticks", time.Since(start) >= 25*time.Millisecond)
	func() {
		defer func() { fmt.Println("recovered:", recover()) }()
		var nothing *tree
		_ = nothing.left.left
	}()
	folder, err := os.MkdirTemp("", "weft-go")
	must(err)
	defer os.RemoveAll(folder)
	for i := 0; i < 10; i++ {
		must(os.WriteFile(fmt.Sprintf("%s/%d", folder, i), []byte(strings.Repeat("y", i)), 0600))
	}
	entries, err := os.ReadDir(folder)
	must(err)
	names := []string{}
	for _, entry := range entries {
		info, _ := entry.Info()
		names = append(names, fmt.Sprint(entry.Name(), ":", info.Size()))
	}
	sort.Strings(names)
	fmt.Println(names)
	fmt.Printf("%x\n", sha256.Sum256([]byte("weft")))
}
