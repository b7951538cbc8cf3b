using System.Net;
using System.Text;
using FilterProxy.Filters.ReverseTunnel.Server;
using FilterProxy.Filters.ReverseTunnel.Streams;

namespace FilterProxy.Filters.ReverseTunnel.Services;

/// <summary>Hears of services of an agent that come, go or change while one of its connections lasts, and gives them their places, or takes them.</summary>
internal static class ServiceWatch
{
    // However often an agent changes its mind.
    private static readonly TimeSpan Least = TimeSpan.FromMilliseconds(50);

    /// <summary>Asks until the connection has ended, or its agent tells of no changes.</summary>
    /// <returns>Whether the agent wants no more streams on it.</returns>
    public static async Task<bool> FollowAsync(AgentConnection connection, ComponentContext context, CancellationToken stop)
    {
        var admission = connection.Admission;
        var question = new ServiceQuestion(admission.Hello.Revision, []);
        var said = "";
        try
        {
            while (question.Revision > 0)
            {
                var (answer, isLeaving) = await AskAsync(connection, question, stop);
                if (answer is null)
                {
                    return isLeaving;
                }

                if (!ServiceNews.TryReadAnswer(answer, out var revision, out var services, out var problem))
                {
                    Log.BadNews(context.Logger, admission.Hello.Identity.ToString(), problem);
                    return false;
                }

                question = new ServiceQuestion(revision, admission.Update(services));
                var refused = string.Join(", ", question.Outcomes.Where(outcome => outcome.Placed is null).Select(outcome => $"{outcome.Name} ({outcome.Reason})"));
                if (refused != said && refused.Length > 0)
                {
                    Log.ServicesRefused(context.Logger, admission.Hello.Identity.ToString(), refused);
                }

                said = refused;
                await Task.Delay(Least, context.Time, stop);
            }
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException or IOException or ObjectDisposedException or InvalidOperationException)
        {
            // The tunnel has ended.
        }

        return false;
    }

    /// <returns>The answer; null where there is none, with whether that is because the agent leaves.</returns>
    private static async ValueTask<(string? Answer, bool IsLeaving)> AskAsync(AgentConnection connection, ServiceQuestion question, CancellationToken stop)
    {
        using var request = StreamNames.Request(HttpMethod.Post, StreamNames.Services, connection.Welcome.SessionId);
        request.Content = new StringContent(ServiceNews.WriteQuestion(question), Encoding.ASCII);
        using var response = await connection.AskAsync(request, stop);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            return (null, response.StatusCode == HttpStatusCode.NoContent);
        }

        await using var body = await response.Content.ReadAsStreamAsync(stop);
        var bytes = new byte[ServiceNews.Longest];
        var length = await body.ReadAtLeastAsync(bytes, bytes.Length, throwOnEndOfStream: false, stop);
        return (length < bytes.Length ? Encoding.ASCII.GetString(bytes, 0, length) : null, false);
    }
}
