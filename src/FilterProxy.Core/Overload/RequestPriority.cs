namespace FilterProxy.Core.Overload;

/// <summary>Who goes first when not everybody can be served, and who goes without.</summary>
internal enum RequestPriority : byte
{
    Low,
    Normal,
    High,
}
