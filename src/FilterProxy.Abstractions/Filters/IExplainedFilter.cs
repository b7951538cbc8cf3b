namespace FilterProxy;

/// <summary>
/// A filter whose decision <c>filterproxy explain</c> and the admin API show, e.g. which rule refuses a request. Implement it where an operator would
/// otherwise have to try.
/// </summary>
public interface IExplainedFilter : IHttpFilter
{
    /// <summary>
    /// What <c>request_filter</c> would do with a request, and why, in one line. Called with a request that is only thought of: its head, the client's address
    /// and, where one was given, its user are there; nothing can be answered. May be called beside the traffic, must change nothing and tell no secret.
    /// </summary>
    /// <returns>The line; null when there is nothing to say.</returns>
    string? Explain(HttpExchange exchange);
}
