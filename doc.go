// Package faultline holds the rules of the house: its tests look at all other
// packages. There is nothing to import here; see README.md and ARCHITECTURE.md.
package faultline
