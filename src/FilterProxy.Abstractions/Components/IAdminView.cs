using System.Text.Json;

namespace FilterProxy;

/// <summary>
/// A component that shows operators what it holds (limits, tunnels, bans), besides being whatever it is. The admin API has it under
/// <c>/views/</c> and the component's place.
/// </summary>
public interface IAdminView
{
    /// <summary>
    /// Writes one JSON value. Called on a thread of the pool, whenever somebody looks and by several at once, beside the traffic: it must
    /// neither keep that waiting nor write what is secret, and what it writes is held in memory. An exception is the answer to this one
    /// question only.
    /// </summary>
    /// <param name="writer">At the value. The caller owns it.</param>
    void WriteView(Utf8JsonWriter writer);
}
