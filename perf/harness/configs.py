"""What a set-up means in the configuration language of each proxy: the values of the variables in perf/proxies/."""

import os
import subprocess
from pathlib import Path

from .process import Failure, cpu_count

PERF = Path(__file__).resolve().parent.parent
PLUGINS = PERF.parent / "artifacts/bin/NoOpFilters/release/plugins"
WAF_ENGINE = PERF.parent / "conf/examples/waf/engine.conf"
WAF_RULES = (WAF_ENGINE, "/etc/modsecurity/crs/crs-setup.conf", "/usr/share/modsecurity-crs/rules/*.conf")
WAF_MODULE = "/usr/lib/nginx/modules/ngx_http_modsecurity_module.so"
CLUSTERS = 10
FILTER_CLASSES = 10


def common(work, port, origin_port, cpus):
    cores = cpu_count(cpus)
    return {
        "WORK": work, "PORT": port, "ORIGIN_PORT": origin_port, "CORES": cores,
        "NGINX_USER": "user root;" if os.geteuid() == 0 else "",
        # Several workers on one socket share connections unevenly; one socket each spreads them.
        "LISTEN_OPTIONS": "reuseport" if cores > 1 else "",
    }


def values(target, setup, work, port, origin_port, cpus):
    """All variables of one proxy's template."""
    base = common(work, port, origin_port, cpus)
    own = {"filterproxy": filterproxy, "nginx": nginx, "haproxy": haproxy}.get(target)
    return base | (own(setup, base) if own else {})


def log_file(work):
    return Path(work, "access.log")


def filterproxy(setup, base):
    listener = {"io": setup.io, "protocols": "[http1, http2]" if setup.http2 else ""}
    if setup.tls:
        cert, key, _ = certificate(base["WORK"])
        listener["filters"] = f'[tls: {{ certificates: [file: {{ cert: "{cert}", key: "{key}", default: true }}] }}]'
    top = []
    if setup.access_log:
        top += ["plugins: [AccessLog]", f'http: {{ route_filters: [access_log: {{ path: "{log_file(base["WORK"])}" }}] }}']
    if setup.cache:
        top += ["plugins: [Cache]", "http: { route_filters: [cache: { default_freshness: 1h }] }"]
    if setup.compress:
        top += ["plugins: [Compression]", "http: { route_filters: [compression: { encodings: [gzip], gzip_level: 5 }] }"]
    if setup.limited:
        top += ["plugins: [RateLimit]", "http: { filters: [rate_limit: { limits: [{ rate: 1 }] }] }"]
    if setup.waf:
        rules = ", ".join(map(str, WAF_RULES))
        top += ["plugins: [Waf]", f"http: {{ route_filters: [waf: {{ mode: block, paranoia: 1, rules: [{rules}] }}] }}"]
    if setup.filters:
        chain = ", ".join(f"noop_{i % FILTER_CLASSES}/{i}" for i in range(setup.filters))
        top += [f'plugin_path: "{PLUGINS}"', "plugins: [NoOpFilters]", f"http: {{ route_filters: [{chain}] }}"]
    return {
        "TOP": "\n".join(top),
        "LISTENER": "\n".join(f"    {name}: {value}" for name, value in listener.items() if value),
        "ROUTES": "\n".join(f"  - {{ name: r{i}, match: {{ path: /app{i}/* }}, cluster: c{i % CLUSTERS} }}" for i in range(setup.routes)),
        "CLUSTERS": "\n".join(f'  c{i}: {{ endpoints: ["127.0.0.1:{base["ORIGIN_PORT"]}"] }}' for i in range(_clusters(setup))),
    }


def nginx(setup, base):
    listen = [base["LISTEN_OPTIONS"], *(["ssl"] if setup.tls else []), *(["http2"] if setup.http2 else [])]
    server = []
    if setup.tls:
        cert, key, _ = certificate(base["WORK"])
        server += [f"ssl_certificate {cert};", f"ssl_certificate_key {key};", "ssl_protocols TLSv1.2 TLSv1.3;"]
    if setup.streaming:
        server += ["proxy_request_buffering off;", "client_body_buffer_size 64k;", "proxy_buffering off;", "proxy_buffer_size 64k;", "proxy_buffers 4 64k;"]
    if setup.compress:
        server += ["gzip on;", "gzip_comp_level 5;", "gzip_proxied any;", "gzip_vary on;"]
    modules = ""
    if setup.waf:
        rules = Path(base["WORK"], "modsecurity.conf")
        # It must be told to read JSON, which FilterProxy does by the media type.
        json = 'SecRule REQUEST_HEADERS:Content-Type "^application/json" "id:200001,phase:1,t:none,t:lowercase,pass,nolog,ctl:requestBodyProcessor=JSON"'
        rules.write_text(f"SecRuleEngine On\n{json}\n" + "".join(f"Include {file}\n" for file in WAF_RULES) + "SecAuditEngine Off\n")
        modules = f"load_module {WAF_MODULE};"
        server += ["modsecurity on;", f"modsecurity_rules_file {rules};"]
    cache = ""
    if setup.cache:
        cache = f"proxy_cache_path {base['WORK']}/nginx-cache keys_zone=kept:8m inactive=1h use_temp_path=off;"
        cache += "\n    open_file_cache max=1000;" if setup.open_files else ""
        server += ["proxy_cache kept;", "proxy_cache_valid 200 1h;", "proxy_cache_lock on;"]
    if setup.limited:
        cache = "limit_req_zone $binary_remote_addr zone=limited:10m rate=1r/s;\n    limit_req_status 429;\n    limit_req_log_level info;"
        server += ["limit_req zone=limited;"]
    log = ('log_format like_the_others \'[$time_iso8601] "$request" $status - $request_length $bytes_sent $request_time '
           '$upstream_response_time "$remote_addr" "$http_user_agent" "$request_id" "$http_host" all $proxy_host "$upstream_addr"\';\n'
           f"    access_log {log_file(base['WORK'])} like_the_others buffer=64k flush=250ms;")
    upstream = ("    upstream c{i} {{ server 127.0.0.1:{port}; keepalive 8192; keepalive_requests 1000000000; keepalive_timeout 1h; }}")
    return {
        "MODULES": modules,
        "LISTEN_OPTIONS": " ".join(listen),
        "ACCESS_LOG": log if setup.access_log else "access_log off;",
        "CACHE": cache,
        "UPSTREAMS": "\n".join(upstream.format(i=i, port=base["ORIGIN_PORT"]) for i in range(_clusters(setup))),
        "SERVER": "\n".join(f"        {line}" for line in server),
        "LOCATIONS": "\n".join(f"        location /app{i}/ {{ proxy_pass http://c{i % CLUSTERS}; }}" for i in range(setup.routes)),
    }


def haproxy(setup, base):
    bind, frontend = [], []
    if setup.tls:
        bind += [f"ssl crt {certificate(base['WORK'])[2]} ssl-min-ver TLSv1.2 alpn {'h2,' if setup.http2 else ''}http/1.1"]
    elif setup.http2:
        bind += ["proto h2"]
    if setup.routes:
        routes = Path(base["WORK"], "routes.map")
        routes.write_text("".join(f"/app{i}/ c{i % CLUSTERS}\n" for i in range(setup.routes)))
        frontend.append(f"use_backend %[path,map_beg({routes},origin)]")
    if setup.limited:
        frontend += ["stick-table type ip size 1m expire 60s store http_req_rate(1s)", "http-request track-sc0 src",
                     "http-request deny deny_status 429 if { sc_http_req_rate(0) gt 1 }"]
    if setup.access_log:
        frontend += ["log global", "option httplog"]
    return {
        "BIND_OPTIONS": " ".join(bind),
        # HAProxy opens no files to log to: its standard output is the file.
        "LOG": "log stdout len 1024 format raw daemon" if setup.access_log else "no log",
        "FRONTEND": "\n".join(f"    {line}" for line in frontend),
        "SCHEME": "https" if setup.tls else "http",
        "BACKENDS": "\n".join(f"backend c{i}\n    server origin 127.0.0.1:{base['ORIGIN_PORT']}" for i in range(_clusters(setup))),
    }


def yarp_environment(setup, base):
    """YARP is a program: it is told by its environment."""
    told = {"ROUTES": str(setup.routes), "CLUSTERS": str(CLUSTERS)}
    if setup.tls:
        told["TLS_CERT"], told["TLS_KEY"] = map(str, certificate(base["WORK"])[:2])
    if setup.http2:
        told["HTTP2"] = "1"
    if setup.access_log:
        told["ACCESS_LOG"] = str(log_file(base["WORK"]))
    return told


def _clusters(setup):
    return CLUSTERS if setup.routes else 0


def certificate(work):
    """An ECDSA P-256 certificate for localhost: certificate, key, and both in one file. One for all proxies of a run."""
    folder = Path(work).parent
    cert, key, both = folder / "cert.pem", folder / "key.pem", folder / "both.pem"
    if not both.exists():
        made = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", str(key), "-out", str(cert)], capture_output=True, text=True)
        if made.returncode != 0:
            raise Failure(f"openssl made no certificate:\n{made.stderr}")
        both.write_text(cert.read_text() + key.read_text())
    return cert, key, both
