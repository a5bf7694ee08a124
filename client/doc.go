// Package client runs workflows of the AI Tutor API and holds every answer against the API's contract.
//
// Call [FromEnv] or [New] once, then [Client.Run] for each run, or [Client.RunInputs] for a workflow with inputs of its
// own. A [Client] is safe for concurrent use and holds no state between calls.
//
// What to know:
//
//   - Every run that starts is billed, also when its answer never arrives, and the API has no idempotency key. The client
//     sends a run again only where it certainly did not start: after a 429, and after a failure before the request was
//     written. [SafeToRetry] tells the same to a queue of the caller's.
//   - A run takes seconds, up to two minutes. [WithTimeout] bounds an attempt, a context bounds a call.
//   - The service answers in two forms, the documented one and the one it gives today. A [Run] is filled from either.
//   - An answer that is not a run is an [*APIError]; [errors.Is] tells [ErrUnauthorized], [ErrWorkflowNotFound],
//     [ErrInvalidRequest], [ErrPaymentRequired] and [ErrRateLimited] apart. A run that breaks the contract is a
//     [*contract.Error], which holds the body: it was paid for. [WithViolationHandler] can accept it.
//   - The key goes to the base URL's own origin and nowhere else: not to the target of a redirect, not into an error, not
//     into a log record.
//
// [Validator] is the contract without the client: for other HTTP clients, recorded traffic and handlers. Package
// clienttest has a server to test callers with, package contracttest a test suite for servers.
package client
