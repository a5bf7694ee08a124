// Package exchange has what more than one package needs of HTTP: a request that is written at most once, a response
// that is read within bounds, Retry-After, and which address may be given a key.
package exchange
