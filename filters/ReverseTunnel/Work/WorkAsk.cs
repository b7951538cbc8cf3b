using System.Net;

namespace FilterProxy.Filters.ReverseTunnel.Work;

/// <summary>What a server wants a work connection to carry.</summary>
/// <param name="Service">The service a byte stream goes to; null for requests of HTTP/1, one after the other, which the agent's routes serve.</param>
/// <param name="Client">The address of the client the stream is of; null where there is none to tell.</param>
/// <param name="Reached">The address it has connected to, likewise.</param>
internal readonly record struct WorkAsk(string? Service, IPEndPoint? Client = null, IPEndPoint? Reached = null)
{
    /// <summary>Requests: they are many clients', and each says whose it is.</summary>
    public static readonly WorkAsk Requests = new(null);
}
