using System.Net;
using System.Net.Sockets;

namespace FilterProxy.Core.Downstream;

/// <summary>Where a listener is bound that has its connections from a component: nowhere.</summary>
/// <param name="name">The listener's.</param>
internal sealed class SourceEndPoint(string name) : EndPoint
{
    public override AddressFamily AddressFamily => AddressFamily.Unspecified;

    public override string ToString() => $"source:{name}";
}
