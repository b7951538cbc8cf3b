using System.Reflection;
using BenchmarkDotNet.Attributes;
using FilterProxy.Core.Downstream;
using FilterProxy.Core.Http1;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace FilterProxy.Microbenchmarks;

/// <summary>
/// What HTTP/2 costs over HTTP/1 within the exchange: the request's fields from Kestrel's strings into the block, with all checks, and the
/// response's back into strings. Kestrel's own collections are used.
/// </summary>
[MemoryDiagnoser]
public class Http2HeadBenchmarks
{
    private readonly RequestHead _head = new(new HeadBlock());
    private readonly HeaderMap _response = new(new HeadBlock());
    private readonly HttpRequestFeature _small = new() { Method = "GET", RawTarget = "/x" };
    private readonly HttpRequestFeature _browser = new() { Method = "GET", RawTarget = "/admin/users?page=2" };
    private readonly IHeaderDictionary _target = Kestrels("HttpResponseHeaders", 1);

    [GlobalSetup]
    public void Setup()
    {
        _small.Headers = Kestrels("HttpRequestHeaders", 2);
        Add(_small.Headers, ("Host", "localhost:8080"), ("User-Agent", "h2load nghttp2/1.52.0"), ("Accept", "*/*"));
        _browser.Headers = Kestrels("HttpRequestHeaders", 2);
        Add(
            _browser.Headers,
            ("Host", "example.com"), ("Cache-Control", "max-age=0"), ("Upgrade-Insecure-Requests", "1"),
            ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"),
            ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"), ("Sec-Fetch-Site", "same-origin"),
            ("Sec-Fetch-Mode", "navigate"), ("Sec-Fetch-User", "?1"), ("Sec-Fetch-Dest", "document"), ("Referer", "https://example.com/admin"),
            ("Accept-Encoding", "gzip, deflate, br"), ("Accept-Language", "en-US,en;q=0.9"), ("Cookie", "session=0123456789abcdef0123456789abcdef; theme=dark"));
        _response.Append("Server"u8, "nginx"u8);
        _response.Append("Date"u8, "Sat, 21 Nov 2026 00:00:00 GMT"u8);
        _response.Append("Content-Type"u8, "application/json"u8);
        _response.Append("Content-Length"u8, "600"u8);
        _response.Append("ETag"u8, "\"5f3a-258\""u8);
        _response.Append("Cache-Control"u8, "no-cache"u8);
    }

    [Benchmark(Baseline = true)]
    public int Small_request() => Read(_small);

    [Benchmark]
    public int Browser_request() => Read(_browser);

    [Benchmark]
    public int Response()
    {
        _target.Clear();
        return KestrelExchange.Copy(_response, _target, 0);
    }

    private static void Add(IHeaderDictionary headers, params (string Name, string Value)[] fields)
    {
        foreach (var (name, value) in fields)
        {
            headers.Append(name, value);
        }
    }

    // Internal, and what is looked through in production.
    private static IHeaderDictionary Kestrels(string type, int parameters)
    {
        var constructor = typeof(KestrelServer).Assembly.GetType($"Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http.{type}")!
            .GetConstructors(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance)
            .Single(c => c.GetParameters().Length == parameters);
        return (IHeaderDictionary)constructor.Invoke([.. constructor.GetParameters().Select(p => p.DefaultValue)]);
    }

    private int Read(HttpRequestFeature request)
    {
        _head.Reset();
        _head.Block.Reset();
        return KestrelHead.Read(request, _head, HeadLimits.Default, out var bytes).IsError ? throw new InvalidOperationException("The head is refused.") : bytes;
    }
}
