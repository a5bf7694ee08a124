package main

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestProgressIsALineWhenSomethingChangedAtMostEveryTenSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // its clock goes on when all wait
		ctx, end := context.WithCancel(t.Context())
		var now counts
		var away error
		var stderr bytes.Buffer
		ended := make(chan struct{})
		go func() {
			reportProgress(ctx, func(context.Context) (counts, error) { return now, away }, &stderr)
			close(ended)
		}()
		for _, step := range []struct {
			name   string
			after  time.Duration
			counts counts
			away   error
			want   string
		}{
			{"nothing at first", 9 * time.Second, counts{waiting: 3}, nil, ""},
			{"a line after ten seconds", time.Second, counts{waiting: 3}, nil,
				"waiting 3, running 0, done 0, failed 0, unknown 0\n"},
			{"none while nothing changes", time.Hour, counts{waiting: 3}, nil, ""},
			{"none before the ten seconds are over", 9 * time.Second, counts{waiting: 1, running: 2}, nil, ""},
			{"one for all that changed in them", time.Second, counts{running: 1, done: 2}, nil,
				"waiting 0, running 1, done 2, failed 0, unknown 0\n"},
			{"none while the database is away", time.Minute, counts{}, errors.New("away"), ""},
			{"one when it is back", 10 * time.Second, counts{done: 2, unknown: 1}, nil,
				"waiting 0, running 0, done 2, failed 0, unknown 1\n"},
			{"one at the end is to come", 5 * time.Second, counts{done: 3}, nil, ""},
		} {
			now, away = step.counts, step.away
			<-time.After(step.after)
			synctest.Wait()
			assert.Equal(t, step.want, stderr.String(), step.name)
			stderr.Reset()
		}
		end()
		<-ended
		assert.Equal(t, "waiting 0, running 0, done 3, failed 0, unknown 0\n", stderr.String())
	})
}
