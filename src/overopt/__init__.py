"""How hard may you optimise against an imperfect score before true quality stops improving?"""
