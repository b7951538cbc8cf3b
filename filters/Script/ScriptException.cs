namespace FilterProxy.Filters.Script;

/// <summary>What went wrong with a script.</summary>
internal enum ScriptFault
{
    /// <summary>It is not a program, or none this engine can run.</summary>
    Syntax,

    /// <summary>It threw, or did what cannot be done.</summary>
    Exception,

    /// <summary>What it returned means nothing.</summary>
    Answer,

    /// <summary>It took too long.</summary>
    Time,

    /// <summary>It ran too many statements.</summary>
    Statements,

    /// <summary>It called itself too deep.</summary>
    Recursion,

    /// <summary>It allocated too much.</summary>
    Memory,
}

/// <summary>A script failed. The message begins with the place: <c>routes.js:3:14: …</c></summary>
internal sealed class ScriptException : Exception
{
    public ScriptException(ScriptFault fault, string message, Exception? cause = null)
        : base(message, cause) => Fault = fault;

    public ScriptFault Fault { get; }
}
