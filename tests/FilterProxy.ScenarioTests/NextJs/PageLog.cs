using System.Collections.Concurrent;
using Microsoft.Playwright;

namespace FilterProxy.ScenarioTests.NextJs;

/// <summary>What a page asked for and complained about.</summary>
internal sealed class PageLog
{
    private readonly ConcurrentQueue<string> _problems = new();
    private readonly ConcurrentQueue<string> _paths = new();

    public PageLog(IPage page)
    {
        page.Console += (_, message) => Note(message.Type is "error" or "warning", $"console {message.Type}: {message.Text}");
        page.PageError += (_, error) => Note(true, $"page error: {error}");
        page.RequestFailed += (_, request) => Note(!IsAbandonedPrefetch(request), $"failed: {request.Url} {request.Failure}");
        page.Response += (_, response) =>
        {
            _paths.Enqueue(new Uri(response.Url).PathAndQuery);
            Note(response.Status >= 400, $"{response.Status}: {response.Url}");
        };
    }

    /// <summary>Errors, warnings, and requests that failed or were answered with 400 and above.</summary>
    public IReadOnlyCollection<string> Problems => _problems;

    /// <summary>Path and query of all that was answered.</summary>
    public IReadOnlyCollection<string> Paths => _paths;

    // The router cancels a prefetch when the page is left or the data is no longer wanted.
    private static bool IsAbandonedPrefetch(IRequest request) =>
        request.Failure == "net::ERR_ABORTED" && request.Url.Contains("_rsc=", StringComparison.Ordinal);

    private void Note(bool isProblem, string text)
    {
        if (isProblem)
        {
            _problems.Enqueue(text);
        }
    }
}
