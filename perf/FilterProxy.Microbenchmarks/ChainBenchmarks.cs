using System.IO.Pipelines;
using System.Net;
using BenchmarkDotNet.Attributes;
using FilterProxy.Core.Downstream;
using FilterProxy.Core.Pipeline;
using FilterProxy.Core.Telemetry;
using FilterProxy.Core.Transport;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Logging.Abstractions;

namespace FilterProxy.Microbenchmarks;

/// <summary>What filters that do nothing cost: the request, response and logging phases of one exchange.</summary>
[MemoryDiagnoser]
public class ChainBenchmarks
{
    private readonly Heartbeat _heartbeat = new();
    private Http1Exchange _exchange = null!;
    private FilterChain _chain = null!;

    [Params(0, 10, 50)]
    public int Filters { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var pipe = new Pipe();
        var services = new ProxyServices(_heartbeat, new Log(NullLogger.Instance), TimeProvider.System);
        var connection = new DefaultConnectionContext("benchmark") { Transport = new Duplex(pipe.Reader, pipe.Writer) };
        var plan = new ListenerPlan { Name = "benchmark", Address = new IPEndPoint(IPAddress.Loopback, 0) };
        _exchange = new Http1Exchange(connection, new ConnectionEntry(plan, new SnapshotStore(null!), services), services);
        _chain = new FilterChain([.. Enumerable.Range(0, Filters).Select(i => new FilterEntry(new NoOp(), $"noop/{i}"))]);
    }

    [GlobalCleanup]
    public void Cleanup() => _heartbeat.Dispose();

    [Benchmark]
    public async ValueTask<FilterStatus> All_phases()
    {
        var status = await _chain.OnRequestAsync(_exchange);
        _exchange.NextResponseFilter = 0;
        await _chain.OnResponseAsync(_exchange);
        await _chain.OnLoggingAsync(_exchange);
        return status;
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class NoOp : IRequestFilter, IResponseFilter, ILoggingFilter
    {
        public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange) => new(FilterStatus.Continue);

        public ValueTask OnResponseAsync(HttpExchange exchange) => default;

        public void OnLogging(HttpExchange exchange)
        {
        }
    }
}
