namespace FilterProxy.Filters.Waf.Engine;

/// <summary>Whether rules run, and whether they may stop an exchange.</summary>
internal enum EngineMode
{
    Off,
    DetectionOnly,
    On,
}
