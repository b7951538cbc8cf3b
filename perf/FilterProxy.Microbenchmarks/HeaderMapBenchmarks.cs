using BenchmarkDotNet.Attributes;

namespace FilterProxy.Microbenchmarks;

/// <summary>What one exchange does with its header map, on the request head a browser sends. Nothing here may allocate.</summary>
[MemoryDiagnoser]
public class HeaderMapBenchmarks
{
    private static readonly (byte[] Name, byte[] Value)[] Fields =
    [
        .. new[]
        {
            ("Host", "shop.example.com"),
            ("Connection", "keep-alive"),
            ("sec-ch-ua", "\"Chromium\";v=\"138\", \"Not)A;Brand\";v=\"8\""),
            ("sec-ch-ua-mobile", "?0"),
            ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Safari/537.36"),
            ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"),
            ("Sec-Fetch-Site", "same-origin"),
            ("Sec-Fetch-Mode", "navigate"),
            ("Referer", "https://shop.example.com/admin/"),
            ("Accept-Encoding", "gzip, deflate, br, zstd"),
            ("Accept-Language", "en-GB,en;q=0.9,de;q=0.8"),
            ("Cookie", "session=6f2d0c7a51c04d3ba4f1; theme=dark; locale=en"),
            ("If-None-Match", "W/\"1f-18d3a1c2b40\""),
        }.Select(field => (System.Text.Encoding.ASCII.GetBytes(field.Item1), System.Text.Encoding.ASCII.GetBytes(field.Item2))),
    ];

    private readonly HeadBlock _block = new();
    private HeaderMap _map = null!;
    private HeaderMap _overlay = null!;
    private HeaderEntry[] _entries = null!;
    private int _headLength;

    [GlobalSetup]
    public void Setup()
    {
        _map = new HeaderMap(_block);
        _overlay = new HeaderMap(_block);
        foreach (var (name, value) in Fields)
        {
            _map.Append(name, value);
        }

        _entries = _map.Entries.ToArray();
        _headLength = _block.Length;
    }

    /// <summary>The parser's share: classify 13 names and add 13 entries.</summary>
    [Benchmark]
    public int Fill()
    {
        _overlay.Clear();
        foreach (ref readonly var parsed in _entries.AsSpan())
        {
            var entry = parsed;
            entry.Known = KnownHeaders.Find(_block.Slice(entry.NameStart, entry.NameLength));
            _overlay.AddParsed(entry);
        }

        return _overlay.Count;
    }

    [Benchmark]
    public int Find_known_header() => _map.TryGet(KnownHeader.Cookie, out var value) ? value.Length : 0;

    [Benchmark]
    public bool Miss_known_header() => _map.Contains(KnownHeader.Authorization);

    [Benchmark]
    public int Find_header_by_name() => _map.TryGet("sec-fetch-mode"u8, out var value) ? value.Length : 0;

    [Benchmark]
    public bool Miss_header_by_name() => _map.Contains("x-feature-flag"u8);

    [Benchmark]
    public int Enumerate()
    {
        var total = 0;
        foreach (var field in _map)
        {
            total += field.Value.Length;
        }

        return total;
    }

    /// <summary>What forwarding does to every request: an overlay, hop-by-hop fields out, five fields in.</summary>
    [Benchmark]
    public int Edit_for_forwarding()
    {
        _overlay.CopyFrom(_map);
        _overlay.Remove(KnownHeader.Connection);
        _overlay.Set(KnownHeader.XForwardedFor, "192.0.2.17"u8);
        _overlay.Set(KnownHeader.XForwardedProto, "https"u8);
        _overlay.Set(KnownHeader.XForwardedHost, "shop.example.com"u8);
        _overlay.Set(KnownHeader.XRequestId, "5b1c0f6e2a9d4c37b8e4f0a1d2c3b4a5"u8);
        _overlay.Append(KnownHeader.Via, "1.1 filterproxy"u8);
        var count = _overlay.Count;
        _block.Truncate(_headLength);
        return count;
    }
}
