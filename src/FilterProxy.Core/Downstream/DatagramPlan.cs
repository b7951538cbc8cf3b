using System.Net;

namespace FilterProxy.Core.Downstream;

/// <summary>A UDP listener as compiled.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Address">Where it listens.</param>
/// <param name="Service">What serves it.</param>
internal sealed record DatagramPlan(string Name, IPEndPoint Address, IDatagramService Service);
