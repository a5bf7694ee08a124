//go:build !race

package contract_test

// overhead is how many times as much is allocated under the race detector: it is off.
const overhead = 1.0
