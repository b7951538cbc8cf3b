using System.Buffers;
using System.Text;
using BenchmarkDotNet.Attributes;
using FilterProxy.Core.Http1;

namespace FilterProxy.Microbenchmarks;

/// <summary>Reading a head into the block, deciding its framing, and writing it out again as an attempt does.</summary>
[MemoryDiagnoser]
public class ParserBenchmarks
{
    private readonly RequestHead _request = new(new HeadBlock());
    private readonly ResponseHead _response = new(new HeadBlock());
    private readonly ArrayBufferWriter<byte> _output = new(4096);
    private Http1RequestReader _requestReader = null!;
    private Http1ResponseReader _responseReader = null!;
    private ReadOnlySequence<byte> _small;
    private ReadOnlySequence<byte> _browser;
    private ReadOnlySequence<byte> _reply;

    [GlobalSetup]
    public void Setup()
    {
        _requestReader = new Http1RequestReader(_request);
        _responseReader = new Http1ResponseReader(_response);
        _small = Bytes("GET /x HTTP/1.1\r\nHost: localhost:8080\r\nUser-Agent: wrk\r\nAccept: */*\r\n\r\n");
        _browser = Bytes(
            "GET /admin/users?page=2 HTTP/1.1\r\nHost: example.com\r\nConnection: keep-alive\r\nCache-Control: max-age=0\r\n"
            + "Upgrade-Insecure-Requests: 1\r\nUser-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36\r\n"
            + "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\nSec-Fetch-Site: same-origin\r\n"
            + "Sec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\nSec-Fetch-Dest: document\r\nReferer: https://example.com/admin\r\n"
            + "Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en-US,en;q=0.9\r\nCookie: session=0123456789abcdef0123456789abcdef; theme=dark\r\n\r\n");
        _reply = Bytes(
            "HTTP/1.1 200 OK\r\nServer: nginx\r\nDate: Sat, 21 Nov 2026 00:00:00 GMT\r\nContent-Type: application/json\r\nContent-Length: 600\r\n"
            + "Connection: keep-alive\r\n\r\n");
    }

    [Benchmark(Baseline = true)]
    public int Small_request() => (int)Read(_small);

    [Benchmark]
    public int Browser_request() => (int)Read(_browser);

    [Benchmark]
    public int Response()
    {
        _response.Block.Reset();
        _responseReader.Begin(HeadLimits.Default);
        var status = _responseReader.Read(_reply, out _);
        Http1Framing.ForResponse(_response, HttpMethodKind.Get, out _);
        return (int)status;
    }

    [Benchmark]
    public int Browser_request_read_and_written()
    {
        Read(_browser);
        HopByHop.RemoveFromRequest(_request, keepUpgrade: false);
        _output.ResetWrittenCount();
        Http1Writer.WriteRequestHead(_output, _request, default);
        return _output.WrittenCount;
    }

    private HeadStatus Read(in ReadOnlySequence<byte> bytes)
    {
        _request.Block.Reset();
        _requestReader.Begin(HeadLimits.Default);
        var status = _requestReader.Read(bytes, out _);
        Http1Framing.ForRequest(_request, out _);
        return status;
    }

    private static ReadOnlySequence<byte> Bytes(string text) => new(Encoding.ASCII.GetBytes(text));
}
