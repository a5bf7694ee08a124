//go:build race

package contract_test

// overhead is how many times as much is allocated under the race detector, at most.
const overhead = 2.0
