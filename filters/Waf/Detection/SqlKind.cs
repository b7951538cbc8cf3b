namespace FilterProxy.Filters.Waf.Detection;

/// <summary>What a token of SQL is; the value is its letter in a fingerprint.</summary>
internal enum SqlKind : byte
{
    End = 0,
    Number = (byte)'1',
    Text = (byte)'s',
    Name = (byte)'n',
    Function = (byte)'f',
    Variable = (byte)'v',
    Constant = (byte)'k',
    Logical = (byte)'&',
    Compare = (byte)'=',
    Operator = (byte)'o',
    Not = (byte)'!',
    Set = (byte)'U',
    Statement = (byte)'E',
    Clause = (byte)'B',
    Open = (byte)'(',
    Close = (byte)')',
    Comma = (byte)',',
    Semicolon = (byte)';',

    /// <summary>A comment that nothing follows; others count as space.</summary>
    Comment = (byte)'c',
    Cast = (byte)':',
    Backslash = (byte)'\\',
    Other = (byte)'x',
}
