"""Measures FilterProxy beside other proxies under equal conditions. Standard library only."""
