module tenantry.dev/bench/stubagent

go 1.24.0
