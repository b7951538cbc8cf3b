namespace FilterProxy.Filters.ExtAuthz;

/// <summary>What the service answered.</summary>
/// <param name="Status">Its status; 0 when it did not answer.</param>
/// <param name="Headers">Its header fields.</param>
/// <param name="Body">Its body, of refusals alone.</param>
/// <param name="Problem">Why it did not answer; empty when it did.</param>
internal sealed record AuthzAnswer(int Status, IReadOnlyList<(string Name, string Value)> Headers, byte[] Body, string Problem)
{
    /// <summary>Whether it decided: anything but no answer and a fault of its own.</summary>
    public bool IsDecision => Status is >= 200 and < 500;

    /// <summary>As in Envoy 200 alone lets a request pass.</summary>
    public bool IsAllowed => Status == 200;

    public static AuthzAnswer Failed(string problem) => new(0, [], [], problem);
}
