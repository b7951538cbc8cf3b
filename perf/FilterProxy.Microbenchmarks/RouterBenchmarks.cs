using System.Text;
using BenchmarkDotNet.Attributes;
using FilterProxy.Core.Routing;

namespace FilterProxy.Microbenchmarks;

/// <summary>Path normalisation and route matching. A table of 10,000 routes must cost what one of 10 does, and nothing may allocate.</summary>
[MemoryDiagnoser]
public class RouterBenchmarks
{
    private readonly RouteCaptures _captures = new();
    private readonly PathRules _rules = new();
    private RouteTable<int> _table = null!;
    private RequestHead _exact = null!;
    private RequestHead _prefix = null!;
    private RequestHead _template = null!;
    private RequestHead _hostOnly = null!;
    private RequestHead _miss = null!;

    [Params(10, 1_000, 10_000)]
    public int Routes { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _table = RouteTable<int>.Build([.. Enumerable.Range(0, Routes).Select(i => (i % 4) switch
        {
            0 => Rule(i, null, $"/service-{i}/exact"),
            1 => Rule(i, null, $"/service-{i}/*"),
            2 => Rule(i, null, $"/users/{{id}}/service-{i}/{{rest*}}"),
            _ => Rule(i, $"h{i}.example.com", "/*"),
        })]);
        var last = (Routes / 4 * 4) - 4;
        _exact = Head($"/service-{last}/exact", "www.example.com");
        _prefix = Head($"/service-{last + 1}/some/file.html", "www.example.com");
        _template = Head($"/users/42/service-{last + 2}/a/b/c", "www.example.com");
        _hostOnly = Head("/some/file.html", $"h{last + 3}.example.com");
        _miss = Head("/no/such/thing/anywhere.html", "www.example.com");
    }

    [Benchmark]
    public bool Exact() => Match(_exact);

    [Benchmark]
    public bool Prefix() => Match(_prefix);

    [Benchmark]
    public bool Template() => Match(_template);

    [Benchmark]
    public bool HostOnly() => Match(_hostOnly);

    [Benchmark]
    public bool Miss() => Match(_miss);

    [Benchmark]
    public bool NormalPath() => PathNormalizer.Apply(_template, _rules).IsError;

    private bool Match(RequestHead head) => _table.TryMatch(head, "web", _captures, out _);

    private static RouteRule<int> Rule(int i, string? host, string path) => new()
    {
        Name = $"r{i}",
        Value = i,
        Order = i,
        Hosts = host is null ? [] : [HostPattern.Parse(host)],
        Paths = [PathPattern.Parse(path)],
    };

    private static RequestHead Head(string path, string host)
    {
        var head = new RequestHead(new HeadBlock());
        head.SetMethod("GET"u8);
        head.SetPath(Encoding.ASCII.GetBytes(path));
        head.SetAuthority(Encoding.ASCII.GetBytes(host));
        return head;
    }
}
