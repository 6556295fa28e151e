module faultline/sim/bench

go 1.26.0
