package store

// A Stepper is a handler that goes through named steps, so that a fault can strike
// at the boundary between two of them. The names are those of Model.Steps.
type Stepper interface {
	// Watch has hit called when the step is reached for the n-th time from now, from 1 on.
	Watch(step string, n int, hit func())
}

// Steps is embedded by handlers to be Steppers. Its zero value is ready.
type Steps struct {
	step string
	left int
	hit  func()
}

// Watch has hit called when the step is reached for the n-th time from now.
func (s *Steps) Watch(step string, n int, hit func()) { s.step, s.left, s.hit = step, n, hit }

// Reached is called by the handler when it has done a step, and the next one is
// not begun. If it returns true the handler must stop where it is: it crashes at
// this instant.
func (s *Steps) Reached(step string) (stop bool) {
	if s.hit == nil || step != s.step {
		return false
	}
	s.left--
	if s.left > 0 {
		return false
	}
	hit := s.hit
	s.hit = nil
	hit()
	return true
}
