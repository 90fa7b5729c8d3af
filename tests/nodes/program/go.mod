module caas.invalid/lab

go 1.26.0
