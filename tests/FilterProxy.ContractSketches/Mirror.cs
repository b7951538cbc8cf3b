using System.Buffers;
using System.IO.Pipelines;

namespace FilterProxy.ContractSketches;

/// <summary>Options of <see cref="Mirror"/>.</summary>
public sealed record MirrorOptions
{
    /// <summary>The cluster that gets the copies.</summary>
    public required string Cluster { get; init; }
}

/// <summary>Sends a copy of every request to another cluster and forgets the answer. The original never waits for the copy.</summary>
[Component("sketch_mirror")]
public sealed class Mirror(MirrorOptions options, ComponentContext context) : IRequestFilter, IRequestBodyFilter, ILoggingFilter
{
    private const long MostBehind = 1024 * 1024;
    private readonly HttpClient _client = context.CreateHttpClient(options.Cluster);
    private readonly Slot<Pipe> _copy = context.CreateSlot<Pipe>("copy");

    public ValueTask<FilterStatus> OnRequestAsync(HttpExchange exchange)
    {
        var request = exchange.Request;
        var message = new HttpRequestMessage(new HttpMethod(request.MethodText), request.HasQuery ? $"{request.PathText}?{request.QueryText}" : request.PathText);
        message.Headers.Host = request.AuthorityText;
        message.Headers.Add("x-mirrored", "1");
        if (exchange.HasRequestBody)
        {
            var pipe = new Pipe(new PipeOptions(pauseWriterThreshold: 0));
            exchange.Set(_copy, pipe);
            message.Content = new StreamContent(pipe.Reader.AsStream());
        }

        _ = SendAsync(message);
        return new(FilterStatus.Continue);
    }

    public BodyUse UseRequestBody(HttpExchange exchange) => exchange.Get(_copy) is null ? BodyUse.None : BodyUse.Observe;

    public async ValueTask<FilterStatus> OnRequestBodyAsync(HttpExchange exchange, ReadOnlySequence<byte> data, bool end, IBufferWriter<byte>? output)
    {
        if (exchange.Get(_copy) is { } pipe)
        {
            foreach (var piece in data)
            {
                pipe.Writer.Write(piece.Span);
            }

            // Never waits: the pipe has no limit of its own, so one is kept here.
            if (end || pipe.Writer.UnflushedBytes > MostBehind || (await pipe.Writer.FlushAsync()).IsCompleted)
            {
                await pipe.Writer.CompleteAsync();
                exchange.Set(_copy, null);
            }
        }

        return FilterStatus.Continue;
    }

    // A request that broke off must not look complete in the copy.
    public void OnLogging(HttpExchange exchange) => exchange.Get(_copy)?.Writer.Complete(new IOException("The request was not received whole."));

    private async Task SendAsync(HttpRequestMessage message)
    {
        try
        {
            using var response = await _client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            // A copy that fails is nobody's problem.
        }
    }
}
