// Package ext stands for Traefik's own module of this name: what a commercial edition adds to routers. The open edition adds nothing, and its
// module exists only inside Traefik's repository, so that the Go module proxy has none.
package ext

// HTTP adds nothing to the configuration of HTTP.
type HTTP struct{}

// Router adds nothing to a router.
type Router struct{}

// RouterIng adds nothing to what a router takes from an Ingress's annotations.
type RouterIng struct{}

// ToRouter is a router without additions.
func (RouterIng) ToRouter() Router { return Router{} }
