package main

import (
	"fmt"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// BenchmarkWork runs 10,000 jobs on a server that responds at once.
//
//	../../../.ci/postgres go test -run '^$' -bench . -benchtime 1x
func BenchmarkWork(b *testing.B) {
	const jobs = 10_000
	for _, database := range []string{"SQLite", "PostgreSQL"} {
		for _, processes := range []int{1, 3} {
			b.Run(fmt.Sprintf("%s/processes=%d", database, processes), func(b *testing.B) {
				var peak int64
				for range b.N {
					b.StopTimer()
					source := b.TempDir() + "/fleet.db"
					if database == "PostgreSQL" {
						source = newPostgres(b)
					}
					f := newFleet(b, source, nil)
					require.Equal(b, "added "+strconv.Itoa(jobs)+"\n", f.mustRun(prompts(jobs), "add", "-"))
					b.StartTimer()
					workers := make([]*process, processes)
					for i := range workers {
						workers[i] = f.start("work", "-workers", "100", "-rate", "100000", "-until-empty")
					}
					for _, worker := range workers {
						require.Zero(b, worker.exit())
						usage, ok := worker.ProcessState.SysUsage().(*syscall.Rusage)
						require.True(b, ok)
						peak = max(peak, usage.Maxrss)
					}
					b.StopTimer()
					require.Equal(b, states(0, 0, jobs, 0, 0), f.status())
				}
				b.ReportMetric(float64(b.N)*jobs/b.Elapsed().Seconds(), "jobs/s")
				b.ReportMetric(float64(peak)/1024, "MiB/worker")
			})
		}
	}
}
