// Package contracttest checks that a server keeps the contract of the AI Tutor API: the service itself, a proxy, a
// stand-in, a new version; or any other OpenAPI document ([Target.Spec]). [Run] does it in a Go test, a subtest per
// check; [Check] does it without a test, for monitors and command lines.
//
// The checks are made from the document: for each operation from its own security, parameters, body and responses. A
// changed contract changes the checks. Each check sends one request. Its response must be what the check asks for, and
// it must keep the contract (status, content type, headers, schema, strict JSON); it must not be a redirect or a 5xx,
// and must not contain the key. The documented variant and the deployed variant of a response both pass.
//
// There are two levels. [LevelContract]: the contract demands it. [LevelAdvice]: good practice that the contract does
// not demand, such as a 405 for other methods. What a framework or a gateway returns for a request that never reached
// the application (413, 414, 415, 431, or a 400 for a path that no application sees) needs no particular body.
//
// # What it costs
//
// A server that refuses what the contract refuses starts about eight runs: those of the checks runs/... A lenient one,
// as the service is today, runs whatever a valid key sends to a workflow that exists: more than thirty.
// [Target.MaxRuns] is a ceiling, and [Target.NoRuns] leaves out all that a server could run. A response of 429, which
// is never billed, is waited out and the request is sent again, a few times; after the first one, requests are sent one
// at a time.
//
// # Connections
//
// What may start a run is sent over a fresh connection, once. Other requests share connections, as a client's do, since
// faults show there: unauthorized/after-a-key and unauthorized/after-a-long-body send two requests over one on purpose.
// A connection that is closed before the response is no fault: the request is sent again over a fresh one.
package contracttest
