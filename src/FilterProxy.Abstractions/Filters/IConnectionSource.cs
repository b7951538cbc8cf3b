using Microsoft.AspNetCore.Connections;

namespace FilterProxy;

/// <summary>
/// Where a listener's connections come from instead of a socket of its own: one that dials out, e.g. the agent's side of a reverse tunnel.
/// What it yields is served as HTTP/2 by the listener's routes and filters, like any client's connection, unless it has an
/// <see cref="IConnectionService"/>, which may have it served as HTTP/1.
/// </summary>
public interface IConnectionSource
{
    /// <summary>
    /// Yields connections, each ready for the preface of HTTP/2 or with a service of its own, whenever there is one. Called once by each listener that has the source, when
    /// the listener starts; must not throw.
    /// </summary>
    /// <param name="stop">
    /// The listener takes no more connections. Those it has stay open, are asked to go elsewhere (GOAWAY) and end with their last exchange.
    /// </param>
    /// <returns>Connections, which the listener owns and disposes from then on. It hears of a source that ends as of one that has no more.</returns>
    IAsyncEnumerable<ConnectionContext> AcceptAsync(CancellationToken stop);

    /// <summary>
    /// Whether the connections of another instance, which this one replaces after its options changed, can go on under this one. Then the listener stays as it is, with all it
    /// has under way: <see cref="TakeOver"/> is called, and <see cref="AcceptAsync"/> is not. Otherwise its connections drain, and this one makes its own. Must not throw or change
    /// anything: the configuration may yet be refused.
    /// </summary>
    bool CanTakeOver(IConnectionSource before) => false;

    /// <summary>
    /// The configuration this instance is of is in force. What the other one's <see cref="AcceptAsync"/> yields is this one's from now on. Called once, where
    /// <see cref="CanTakeOver"/> has said so; must not throw or block.
    /// </summary>
    void TakeOver(IConnectionSource before)
    {
    }
}
