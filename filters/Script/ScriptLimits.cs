namespace FilterProxy.Filters.Script;

/// <summary>What one call of a script may take.</summary>
internal sealed record ScriptLimits(TimeSpan Time, int Statements, int Recursion, long Memory)
{
    public static ScriptLimits Of(ScriptOptions options) => new(options.Timeout, options.Statements, options.Recursion, options.Memory.Bytes);
}
