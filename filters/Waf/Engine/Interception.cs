namespace FilterProxy.Filters.Waf.Engine;

/// <summary>What a rule decided about an exchange.</summary>
/// <param name="Rule">Which rule.</param>
/// <param name="Kind">What is to be done.</param>
/// <param name="Status">The answer's status.</param>
/// <param name="Location">Where a client is sent.</param>
/// <param name="Message">Why.</param>
internal sealed record Interception(Rule Rule, Disruption Kind, int Status, string Location, string Message);
