using Microsoft.AspNetCore.Http.Features;

namespace FilterProxy;

/// <summary>
/// A feature of a connection whose HTTP/2 streams are not all requests: takes those that carry something else, e.g. bytes of a relayed
/// connection, before routes and filters see them. Whoever makes the connection sets it.
/// </summary>
public interface IStreamService
{
    /// <summary>Serves a stream, or leaves it to the routes. Asked once for every stream, on the thread pool; must not block.</summary>
    /// <param name="stream">
    /// The stream as the server's features have it (<see cref="IHttpRequestFeature"/>, <see cref="IHttpResponseBodyFeature"/> and others);
    /// valid until the task has completed, with which the stream ends.
    /// </param>
    /// <returns>Completes when the stream is over; null for a stream that is a request.</returns>
    Task? TryServe(IFeatureCollection stream);
}
