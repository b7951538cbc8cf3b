using System.Text;
using BenchmarkDotNet.Attributes;
using FilterProxy.Filters.Waf.Detection;

namespace FilterProxy.Microbenchmarks;

/// <summary>What the detectors of the waf filter cost per value: short, long and hostile. Nothing here may allocate.</summary>
[MemoryDiagnoser]
public class DetectionBenchmarks
{
    private byte[] _value = [];

    [Params("word", "sentence", "page", "sql", "script", "hostile")]
    public string Value { get; set; } = "";

    [GlobalSetup]
    public void Setup() => _value = Encoding.UTF8.GetBytes(Value switch
    {
        "word" => "6f2d0c7a-51c0-4d3b-a4f1-shoes",
        "sentence" => "It's a plain sentence, isn't it? \"Yes\", she said; 5 or 6 people agreed.",
        "page" => string.Concat(Enumerable.Repeat("<p class=\"note\">It's <b>bold</b>, and the <a href=\"/a?b=c\">link</a> isn't.</p>\n", 50)),
        "sql" => "sam' and ascii(substr((select pass from accounts limit 1),1,1))>77 -- -",
        "script" => "x\"><img src=z title='a' onerror=\"z()\">",
        _ => string.Concat(Enumerable.Repeat("'<a b=\"", 8192)),
    });

    [Benchmark]
    public bool Sql() => SqlDetector.IsInjection(_value, stackalloc byte[SqlDetector.FingerprintLength], out _);

    [Benchmark]
    public bool Xss() => XssDetector.IsInjection(_value);
}
