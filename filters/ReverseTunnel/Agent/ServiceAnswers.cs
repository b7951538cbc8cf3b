using System.Buffers;
using System.Text;
using FilterProxy.Filters.ReverseTunnel.Handshake;
using FilterProxy.Filters.ReverseTunnel.Streams;
using Microsoft.AspNetCore.Http.Features;

namespace FilterProxy.Filters.ReverseTunnel.Agent;

/// <summary>
/// Answers a server that asks what services there are: when they are others than it knows. With its question it says what became of those it was told the last time.
/// </summary>
/// <param name="offer">The services.</param>
/// <param name="told">Hears what the server says of one: its place, or why it has none.</param>
/// <param name="time">The clock.</param>
/// <param name="stop">The agent dials no more: nothing changes any more.</param>
internal sealed class ServiceAnswers(ServiceOffer offer, Action<ServiceOutcome> told, TimeProvider time, CancellationToken stop)
{
    // A place that another has may be free soon: so often one that was refused is asked for again.
    private static readonly TimeSpan AskAgain = TimeSpan.FromSeconds(5);

    /// <param name="response">The answer.</param>
    /// <param name="stream">The question.</param>
    /// <param name="leaving">The tunnel is to end, and must not wait for this.</param>
    public async Task ServeAsync(IHttpResponseFeature response, IFeatureCollection stream, CancellationToken leaving)
    {
        var aborted = stream.GetRequiredFeature<IHttpRequestLifetimeFeature>().RequestAborted;
        try
        {
            if (ServiceNews.ReadQuestion(await ReadAsync(stream, aborted)) is not { } question)
            {
                response.StatusCode = 400;
                return;
            }

            foreach (var outcome in question.Outcomes)
            {
                told(outcome);
            }

            var (revision, services) = await NextAsync(question, aborted, leaving);
            response.StatusCode = 200;
            var writer = stream.GetRequiredFeature<IHttpResponseBodyFeature>().Writer;
            await writer.WriteAsync(Encoding.ASCII.GetBytes(ServiceNews.WriteAnswer(revision, services)), aborted);
        }
        catch (OperationCanceledException)
        {
            // Either end stops.
            response.StatusCode = 204;
        }
    }

    private async ValueTask<(long Revision, IReadOnlyList<TunnelService> Services)> NextAsync(ServiceQuestion question, CancellationToken aborted, CancellationToken leaving)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(aborted, leaving, stop);
        var wasRefused = question.Outcomes.Any(outcome => outcome.Reason.Length > 0);
        var (revision, services, changed) = offer.Now;
        if (revision == question.Revision)
        {
            await changed.WaitAsync(wasRefused ? AskAgain : Timeout.InfiniteTimeSpan, time, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            either.Token.ThrowIfCancellationRequested();
            (revision, services, _) = offer.Now;
        }

        return (revision, services);
    }

    private static async ValueTask<string> ReadAsync(IFeatureCollection stream, CancellationToken aborted)
    {
        var input = stream.GetRequiredFeature<IRequestBodyPipeFeature>().Reader;
        while (true)
        {
            var read = await input.ReadAsync(aborted);
            if (read.IsCompleted || read.Buffer.Length > ServiceNews.Longest)
            {
                var text = read.Buffer.Length > ServiceNews.Longest ? "" : Encoding.ASCII.GetString(read.Buffer.ToArray());
                input.AdvanceTo(read.Buffer.End);
                return text;
            }

            input.AdvanceTo(read.Buffer.Start, read.Buffer.End);
        }
    }
}
