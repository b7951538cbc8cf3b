using System.ComponentModel.DataAnnotations;

namespace FilterProxy.Filters.Rbac;

/// <summary>A policy.</summary>
public sealed record RbacPolicyOptions
{
    /// <summary>What logs, metrics and explain call it; unique.</summary>
    [Required(ErrorMessage = "name is missing")]
    [RegularExpression("^[a-zA-Z0-9_.-]{1,64}$", ErrorMessage = "must be 1 to 64 letters, digits, '_', '-' and '.'")]
    public string Name { get; init; } = "";

    /// <summary>What it does: allow or deny. Default: allow.</summary>
    public RbacEffect Effect { get; init; } = RbacEffect.Allow;

    /// <summary>Whether it is only counted, as if it were in force. Default: false.</summary>
    public bool Shadow { get; init; }

    /// <summary>Requests it is for.</summary>
    public RbacMatchOptions When { get; init; } = new();

    /// <summary>Requests among those it is not for. Default: none.</summary>
    public RbacMatchOptions? Unless { get; init; }
}
