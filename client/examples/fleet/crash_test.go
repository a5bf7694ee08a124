package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Three workers are killed at random moments until every prompt was started.
func TestKilledWorkers(t *testing.T) {
	if testing.Short() {
		t.Skip("River looks for the jobs of dead workers every 30 seconds")
	}
	for database, newDatabase := range databases {
		t.Run(database, func(t *testing.T) {
			const total = 300
			random := newRandom(t)
			f := newFleet(t, newDatabase(t), func(ctx context.Context) error {
				return waitFor(ctx, time.After(time.Duration(random(200))*time.Millisecond))
			})
			f.mustRun(prompts(total), "add", "-")
			work := func() *process {
				return f.start("work", "-workers", "4", "-rate", "50", "-until-empty", "-rescue-after", "3s")
			}
			workers := []*process{work(), work(), work()}
			kills := 0
			for started := 0; started < total-50; {
				for range 5 + random(20) {
					f.waitForArrival()
					started++
				}
				i := random(len(workers))
				require.NoError(t, workers[i].Process.Kill())
				<-workers[i].exited
				workers[i] = work()
				kills++
			}
			for _, worker := range workers {
				assert.Zero(t, worker.exit())
			}
			counts := f.status()
			t.Logf("%d kills: %v", kills, counts)
			assert.Equal(t, total, counts["done"]+counts["failed"]+counts["unknown"])
			assert.Zero(t, counts["failed"])
			assert.GreaterOrEqual(t, kills*4, counts["unknown"])
			f.checkAccount()

			f.mustRun("", "rerun", "-unknown")
			f.mustRun("", "work", "-until-empty", "-rate", "1000")
			assert.Equal(t, states(0, 0, total, 0, 0), f.status())
		})
	}
}

// newRandom returns a source of numbers below n, and prints its seed. FLEET_TEST_SEED repeats one.
func newRandom(t *testing.T) func(n int) int {
	t.Helper()
	seed := rand.Uint64()
	if given := os.Getenv("FLEET_TEST_SEED"); given != "" {
		var err error
		seed, err = strconv.ParseUint(given, 10, 64)
		require.NoError(t, err)
	}
	fmt.Printf("%s: FLEET_TEST_SEED=%d\n", t.Name(), seed)
	source := rand.New(rand.NewPCG(seed, 0))
	var mu sync.Mutex
	return func(n int) int {
		mu.Lock()
		defer mu.Unlock()
		return source.IntN(n)
	}
}

// The database goes away for seconds while runs are under way.
func TestDatabaseGoesAway(t *testing.T) {
	const total = 60
	test := func(t *testing.T, f *fleet, goAway func() (comeBack func())) {
		t.Helper()
		f.mustRun(prompts(total), "add", "-")
		workers := []*process{
			f.start("work", "-workers", "4", "-rate", "50", "-until-empty", "-rescue-after", "12s"),
			f.start("work", "-workers", "4", "-rate", "50", "-until-empty", "-rescue-after", "12s"),
		}
		for range total / 4 {
			f.waitForArrival()
		}
		comeBack := goAway()
		<-time.After(3 * time.Second) // how long it stays away
		comeBack()
		for _, worker := range workers {
			assert.Zero(t, worker.exit())
		}
		// River loses what it fetched if the connection broke before it heard of it. All that was started is done.
		counts := f.status()
		assert.Equal(t, total, counts["done"]+counts["unknown"], counts)
		assert.Len(t, f.ledger, counts["done"])
		f.checkAccount()
	}
	slow := func(ctx context.Context) error { return waitFor(ctx, time.After(100*time.Millisecond)) }

	t.Run("SQLite: another program locks the file", func(t *testing.T) {
		f := newFleet(t, t.TempDir()+"/fleet.db", slow)
		test(t, f, func() func() {
			conn, err := f.open().Conn(t.Context())
			require.NoError(t, err)
			_, err = conn.ExecContext(t.Context(), "BEGIN EXCLUSIVE")
			require.NoError(t, err)
			return func() {
				_, err = conn.ExecContext(t.Context(), "ROLLBACK")
				require.NoError(t, err)
			}
		})
	})
	t.Run("PostgreSQL: connections break and are refused", func(t *testing.T) {
		database, err := url.Parse(newPostgres(t))
		require.NoError(t, err)
		proxy := newProxy(t, database.Host)
		database.Host = proxy.Addr().String()
		test(t, newFleet(t, database.String(), slow), func() func() {
			proxy.breakAll()
			return func() { proxy.broken.Store(false) }
		})
	})
	breakAll := func(p *proxy) error {
		p.breakAll()
		p.broken.Store(false)
		return nil
	}
	crash := func(*proxy) error { return crashPostgres(t.Context()) }
	for name, test := range map[string]struct {
		oneOf  int // arrivals
		fail   func(*proxy) error
		needed string // environment variable
	}{
		"connections break at any time, also while a commit is under way": {3, breakAll, "FLEET_TEST_POSTGRES"},
		"the server crashes at any time":                                  {5, crash, postgresCrash},
	} {
		t.Run("PostgreSQL: "+name, func(t *testing.T) {
			if testing.Short() || os.Getenv(test.needed) == "" {
				t.Skip("takes seconds, and " + test.needed)
			}
			database, err := url.Parse(newPostgres(t))
			require.NoError(t, err)
			proxy := newProxy(t, database.Host)
			database.Host = proxy.Addr().String()
			random := newRandom(t)
			f := newFleet(t, database.String(), nil)
			f.mustRun(prompts(total), "add", "-")
			for range 10 {
				f.respond(429, `{"success": false, "error": "Rate limit exceeded"}`)
			}
			worker := f.start("work", "-workers", "10", "-rate", "20", "-until-empty", "-rescue-after", "5s")
			failures := 0
			for working := true; working; {
				select {
				case <-f.arrived:
					if random(test.oneOf) == 0 {
						require.NoError(t, test.fail(proxy))
						failures++
					}
				case <-worker.exited:
					working = false
				}
			}
			assert.Zero(t, worker.exit())
			counts := f.status()
			t.Logf("%d failures: %v", failures, counts)
			assert.Equal(t, total, counts["done"]+counts["unknown"])
			f.checkAccount()
		})
	}
}

// proxy forwards TCP connections until they are broken.
type proxy struct {
	net.Listener
	broken atomic.Bool
	stopAt func(message []byte) bool // if not nil, asked about what is sent to the server; true breaks all connections

	mu    sync.Mutex
	conns []net.Conn
}

func newProxy(t *testing.T, target string) *proxy {
	t.Helper()
	if !strings.Contains(target, ":") {
		target += ":5432"
	}
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &proxy{Listener: listener}
	t.Cleanup(func() {
		_ = listener.Close()
		p.breakAll()
	})
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			upstream, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", target)
			if err != nil || p.broken.Load() {
				_ = conn.Close()
				continue
			}
			p.mu.Lock()
			p.conns = append(p.conns, conn, upstream)
			p.mu.Unlock()
			forward := func(to io.Writer, from io.Reader) {
				_, _ = io.Copy(to, from) // breaks
				_ = upstream.Close()
				_ = conn.Close()
			}
			go forward(stoppable{p, upstream}, conn)
			go forward(conn, upstream)
		}
	}()
	return p
}

// stoppable writes to a server, until the proxy stops that.
type stoppable struct {
	*proxy
	to io.Writer
}

func (s stoppable) Write(message []byte) (int, error) {
	if s.stopAt != nil {
		s.mu.Lock()
		stop := s.broken.Load() || s.stopAt(message)
		s.mu.Unlock()
		if stop {
			s.breakAll()
			return 0, io.ErrClosedPipe
		}
	}
	return s.to.Write(message)
}

func (p *proxy) breakAll() {
	p.broken.Store(true)
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, conn := range p.conns {
		_ = conn.Close()
	}
	p.conns = nil
}
