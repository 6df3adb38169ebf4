(* Definitions, lemmas and tactics that the certificates share. *)
From Coq Require Import Reals Lra Lia Psatz.
From Coquelicot Require Import Coquelicot.
Open Scope R_scope.

(* f(h) = O(h^n) as h tends to 0 from above, everything else held fixed. *)
Definition bigO (f : R -> R) (n : nat) : Prop :=
  exists C d : R, 0 < d /\ forall h : R, 0 < h < d -> Rabs (f h) <= C * h ^ n.

(* f(h) tends to L as h tends to 0 from above. *)
Definition tends (f : R -> R) (L : R) : Prop := filterlim f (at_right 0) (locally L).

(* ---- Equations ---- *)

Lemma follow : forall k a b c d : R, c - d = k * (a - b) -> a = b -> c = d.
Proof. intros k a b c d E H. subst b. apply Rminus_diag_uniq. rewrite E. ring. Qed.

Lemma nonzero_scaled : forall a b : R, a <> 0 -> (b = 0 -> a = 0) -> b <> 0.
Proof. intros a b N I Z. exact (N (I Z)). Qed.

Ltac unpack := repeat match goal with H : _ /\ _ |- _ => destruct H end.
Ltac parts := repeat match goal with |- _ /\ _ => split end.

Ltac positive :=
  lazymatch goal with
  | |- 0 < exp _ => apply exp_pos
  | |- 0 < _ * _ => apply Rmult_lt_0_compat; positive
  | |- 0 < _ / _ => apply Rdiv_lt_0_compat; positive
  | |- 0 < / _ => apply Rinv_0_lt_compat; positive
  | |- 0 < _ ^ _ => apply pow_lt; positive
  | |- 0 < _ + _ => first [assumption | lra | apply Rplus_lt_0_compat; positive | nra]
  | |- 0 < _ => first [assumption | lra | nra]
  end.

Ltac nonzero :=
  parts;
  first
    [ assumption
    | apply Rgt_not_eq; unfold Rgt; solve [positive]
    | lra
    | match goal with N : _ <> 0 |- _ => apply (nonzero_scaled _ _ N); intro; solve [lra | nra] end
    | apply Rmult_integral_contrapositive_currified; nonzero
    | apply pow_nonzero; nonzero ].

(* Places of opaque functions that are equal are made the same, and arguments of exponentials. *)
Ltac same_places :=
  repeat match goal with
  | |- context [exp ?a] =>
      match goal with
      | |- context [exp ?b] =>
          tryif constr_eq a b then fail else
          let E := fresh in
          assert (E : b = a) by (field; nonzero); rewrite E; clear E
      end
  end;
  repeat match goal with
  | |- context [?f ?a] =>
      is_var f;
      match goal with
      | |- context [f ?b] =>
          tryif constr_eq a b then fail else
          let E := fresh in
          assert (E : b = a) by (field; nonzero); rewrite E; clear E
      end
  end.

Ltac equation := first [solve [field; nonzero] | same_places; solve [field; nonzero]].

Ltac from_line k :=
  match goal with
  | H : ?a = ?b |- ?c = ?d => apply (follow k a b c d); [solve [equation] | exact H]
  end.

Ltac same_names := repeat match goal with E : ?a = ?b |- _ => is_var a; is_var b; subst a end.

(* Two sets of equations, each the multiple of one of the other set by k or 1/k, up to sign. *)
Ltac same_equations k :=
  subst; split; intro; unpack; same_names; parts;
  first [equation | from_line k | from_line (- k) | from_line (/ k) | from_line (- / k)
        | from_line 1 | from_line (- (1))].

Ltac scaled_equations k := parts; first [equation | same_equations k].

(* Two rules: new values told by old ones. *)
Ltac same_rule := subst; split; intro; unpack; subst; parts; equation.
Ltac follows := intros; unpack; subst; parts; equation.


(* Two rules, where v = k*u and v' = k*u' measure a state in other units. *)
Ltac same_rule_in_units v u v' u' k :=
  match goal with
  | A : v = _, B : v' = _ |- _ =>
      split; intro; unpack;
      [ assert (u = v / k) by (rewrite A; equation);
        assert (u' = v' / k) by (rewrite B; equation);
        clear A B; subst u u'; subst; parts; equation
      | subst v v'; subst; parts; equation ]
  end.

(* ---- Orders and limits ---- *)

Lemma bigO_tends : forall (f : R -> R) (L : R), bigO (fun h => f h - L) 1 -> tends f L.
Proof.
  intros f L [C [d [Hd B]]] P [e HP].
  assert (K : 0 < Rabs C + 1) by (pose proof (Rabs_pos C); lra).
  assert (Hq : 0 < e / (Rabs C + 1)) by (apply Rdiv_lt_0_compat; [apply cond_pos | exact K]).
  assert (Hm : 0 < Rmin d (e / (Rabs C + 1))) by (apply Rmin_pos; assumption).
  exists (mkposreal _ Hm). intros h Hh Hpos. apply HP.
  unfold ball in Hh; simpl in Hh; unfold AbsRing_ball, abs, minus, plus, opp in Hh; simpl in Hh.
  rewrite Ropp_0, Rplus_0_r, Rabs_pos_eq in Hh by lra.
  pose proof (Rmin_l d (e / (Rabs C + 1))). pose proof (Rmin_r d (e / (Rabs C + 1))).
  unfold ball; simpl; unfold AbsRing_ball, abs, minus, plus, opp; simpl.
  apply Rle_lt_trans with (C * h ^ 1); [apply B; lra |].
  apply Rle_lt_trans with (Rabs C * h).
  - rewrite pow_1. apply Rmult_le_compat_r; [lra | apply Rle_abs].
  - apply Rle_lt_trans with ((Rabs C + 1) * h); [nra |].
    apply Rlt_le_trans with ((Rabs C + 1) * (e / (Rabs C + 1))); [apply Rmult_lt_compat_l; lra |].
    right. field. lra.
Qed.

Lemma bigO_ext : forall (f g : R -> R) (n : nat),
  (forall h, 0 < h -> f h = g h) -> bigO g n -> bigO f n.
Proof.
  intros f g n E [C [d [Hd B]]]. exists C, d. split; [exact Hd |].
  intros h Hh. rewrite E by lra. apply B, Hh.
Qed.

Lemma bigO_zero : forall n : nat, bigO (fun _ => 0) n.
Proof.
  intro n. exists 0, 1. split; [lra |]. intros h _. rewrite Rabs_R0. lra.
Qed.

Lemma bigO_plus : forall (f g : R -> R) (n : nat),
  bigO f n -> bigO g n -> bigO (fun h => f h + g h) n.
Proof.
  intros f g n [C [d [Hd B]]] [D [e [He A]]]. exists (C + D), (Rmin d e).
  split; [apply Rmin_pos; assumption |]. intros h Hh.
  pose proof (Rmin_l d e). pose proof (Rmin_r d e).
  apply Rle_trans with (Rabs (f h) + Rabs (g h)); [apply Rabs_triang |].
  rewrite Rmult_plus_distr_r. apply Rplus_le_compat; [apply B | apply A]; lra.
Qed.

Lemma continuous_bounded : forall K : R -> R, continuous K 0 ->
  exists C d : R, 0 <= C /\ 0 < d /\ forall h : R, 0 < h < d -> Rabs (K h) <= C.
Proof.
  intros K HK.
  destruct (HK (ball (K 0) 1)) as [d Hd]; [exists (mkposreal 1 Rlt_0_1); intros y Hy; exact Hy |].
  exists (Rabs (K 0) + 1), d. split; [pose proof (Rabs_pos (K 0)); lra |].
  split; [apply cond_pos |]. intros h Hh.
  assert (Hb : ball (K 0) 1 (K h)).
  { apply Hd. unfold ball; simpl; unfold AbsRing_ball, abs, minus, plus, opp; simpl.
    rewrite Ropp_0, Rplus_0_r, Rabs_pos_eq; lra. }
  unfold ball in Hb; simpl in Hb; unfold AbsRing_ball, abs, minus, plus, opp in Hb; simpl in Hb.
  replace (K h) with ((K h + - K 0) + K 0) by ring.
  apply Rle_trans with (Rabs (K h + - K 0) + Rabs (K 0)); [apply Rabs_triang | lra].
Qed.

Lemma bigO_times : forall (f K : R -> R) (n : nat),
  bigO f n -> continuous K 0 -> bigO (fun h => f h * K h) n.
Proof.
  intros f K n [C [d [Hd B]]] HK. destruct (continuous_bounded K HK) as [D [e [HD [He A]]]].
  exists (C * D), (Rmin d e). split; [apply Rmin_pos; assumption |]. intros h Hh.
  pose proof (Rmin_l d e). pose proof (Rmin_r d e). rewrite Rabs_mult.
  replace (C * D * h ^ n) with (C * h ^ n * D) by ring.
  apply Rmult_le_compat; try apply Rabs_pos; [apply B | apply A]; lra.
Qed.

Lemma bigO_power : forall n : nat, bigO (fun h => h ^ n) n.
Proof.
  intro n. exists 1, 1. split; [lra |]. intros h Hh.
  rewrite Rabs_pos_eq; [lra | apply pow_le; lra].
Qed.

Lemma bigO_near : forall (f g : R -> R) (n : nat) (e : R),
  0 < e -> (forall h, 0 < h < e -> f h = g h) -> bigO g n -> bigO f n.
Proof.
  intros f g n e He H [C [d [Hd B]]]. exists C, (Rmin d e). split; [apply Rmin_pos; assumption |].
  intros h Hh. pose proof (Rmin_l d e). pose proof (Rmin_r d e). rewrite H by lra. apply B. lra.
Qed.

Lemma nonzero_near : forall D : R -> R, continuous D 0 -> D 0 <> 0 ->
  exists e : R, 0 < e /\ forall h, 0 < h < e -> D h <> 0.
Proof.
  intros D HD N. assert (P : 0 < Rabs (D 0)) by (apply Rabs_pos_lt, N).
  destruct (HD (ball (D 0) (mkposreal _ P))) as [d Hd]; [exists (mkposreal _ P); intros y Hy; exact Hy |].
  exists d. split; [apply cond_pos |]. intros h Hh Z.
  assert (Hb : ball (D 0) (mkposreal _ P) (D h)).
  { apply Hd. unfold ball; simpl; unfold AbsRing_ball, abs, minus, plus, opp; simpl.
    rewrite Ropp_0, Rplus_0_r, Rabs_pos_eq; lra. }
  unfold ball in Hb; simpl in Hb; unfold AbsRing_ball, abs, minus, plus, opp in Hb; simpl in Hb.
  rewrite Z, Rplus_0_l, Rabs_Ropp in Hb. lra.
Qed.

(* What a formula has beyond its limit: a power times something bounded, and a small rest E times another,
   as long as the denominators D are not zero. *)
Lemma bigO_split : forall (D f K1 E K2 : R -> R) (n : nat),
  (forall h, 0 < h -> D h <> 0 -> f h = h ^ n * K1 h + E h * K2 h) ->
  continuous D 0 -> D 0 <> 0 ->
  continuous K1 0 -> continuous K2 0 -> bigO E n -> bigO f n.
Proof.
  intros D f K1 E K2 n H HD N H1 H2 HE. destruct (nonzero_near D HD N) as [e [He Hn]].
  apply (bigO_near _ (fun h => h ^ n * K1 h + E h * K2 h) n e He).
  - intros h Hh. apply H; [lra | apply Hn, Hh].
  - apply bigO_plus; apply bigO_times; auto using bigO_power.
Qed.

Lemma exp_near_one : forall y : R, Rabs y <= 1 / 2 -> 0 <= exp y - 1 - y <= 2 * y ^ 2.
Proof.
  intros y Hy. apply Rabs_le_between in Hy. split; [pose proof (exp_ineq1_le y); lra |].
  pose proof (exp_ineq1_le (- y)) as Hm. pose proof (exp_pos (- y)) as Hp.
  assert (P : exp y * exp (- y) = 1) by (rewrite <- exp_plus, Rplus_opp_r; apply exp_0).
  pose proof (exp_pos y). assert (exp y * (1 - y) <= 1) by nra. nra.
Qed.

Lemma exp_rest : forall (a : R -> R) (c : R),
  (forall h, 0 < h -> a h = c * h) -> bigO (fun h => exp (a h) - 1 - c * h) 2.
Proof.
  intros a c Ha. exists (2 * c ^ 2), (1 / (2 * (Rabs c + 1))).
  assert (K : 0 < Rabs c + 1) by (pose proof (Rabs_pos c); lra).
  split; [apply Rdiv_lt_0_compat; lra |]. intros h Hh. rewrite Ha by lra.
  assert (Hc : Rabs (c * h) <= 1 / 2).
  { rewrite Rabs_mult, (Rabs_pos_eq h) by lra.
    apply Rle_trans with ((Rabs c + 1) * (1 / (2 * (Rabs c + 1)))).
    - apply Rmult_le_compat; [apply Rabs_pos | lra | lra | lra].
    - right. field. lra. }
  destruct (exp_near_one (c * h) Hc). rewrite Rabs_pos_eq by lra. lra.
Qed.

Lemma exp_flat : forall (a : R -> R) (c : R),
  0 < c -> (forall h, 0 < h -> a h = - (c / h)) -> forall n, bigO (fun h => exp (a h)) n.
Proof.
  intros a c Hc Ha n.
  exists ((INR (S n) / c) ^ n), 1. split; [lra |]. intros h Hh. rewrite Ha by lra.
  rewrite Rabs_pos_eq by (left; apply exp_pos).
  assert (HN : 0 < INR (S n)) by (apply lt_0_INR; lia).
  set (y := c / h / INR (S n)).
  assert (Hy : 0 < y) by (unfold y; repeat apply Rdiv_lt_0_compat; lra).
  assert (Q : exp (- y) <= INR (S n) / c * h).
  { rewrite exp_Ropp. replace (INR (S n) / c * h) with (/ y) by (unfold y; field; lra).
    apply Rinv_le_contravar; [exact Hy |]. pose proof (exp_ineq1_le y). lra. }
  rewrite <- Rpow_mult_distr. apply Rle_trans with (exp (- y) ^ n).
  - assert (T : forall k, exp (- y) ^ k = exp (- (INR k * y))).
    { induction k; [simpl; rewrite Rmult_0_l, Ropp_0, exp_0; reflexivity |].
      rewrite <- tech_pow_Rmult, IHk, <- exp_plus. f_equal. rewrite S_INR. ring. }
    rewrite T. replace (c / h) with (INR (S n) * y) by (unfold y; field; lra).
    rewrite S_INR.
    assert (L : - ((INR n + 1) * y) <= - (INR n * y)) by lra.
    destruct L as [L | L]; [left; apply exp_increasing, L | right; rewrite L; reflexivity].
  - apply pow_incr. split; [left; apply exp_pos | exact Q].
Qed.

(* One step from the exact flow: S is the solution, S1 its rate, N what the method gives. *)
Lemma local_error : forall (S S1 N : R -> R) (M : R),
  (forall t, 0 <= t -> is_derive S t (S1 t)) ->
  (forall t, 0 <= t -> Rabs (S1 t - S1 0) <= M * t) ->
  bigO (fun h => N h - S 0 - h * S1 0) 2 ->
  bigO (fun h => S h - N h) 2.
Proof.
  intros S S1 N M HD HM HN.
  apply bigO_ext with (fun h => (S h - S 0 - h * S1 0) + (N h - S 0 - h * S1 0) * (- (1))).
  { intros h _. ring. }
  apply bigO_plus; [| apply bigO_times; [exact HN | apply continuous_const]].
  exists M, 1. split; [lra |]. intros h Hh.
  destruct (MVT_gen S 0 h S1) as [c [Hc E]].
  - intros t Ht. rewrite Rmin_left in Ht by lra. apply HD. lra.
  - intros t Ht. rewrite Rmin_left, Rmax_right in Ht by lra.
    apply derivable_continuous_pt. exists (S1 t). apply is_derive_Reals, HD. lra.
  - rewrite Rmin_left, Rmax_right in Hc by lra.
    replace (S h - S 0 - h * S1 0) with (h * (S1 c - S1 0)) by (rewrite E; ring).
    rewrite Rabs_mult, (Rabs_pos_eq h) by lra.
    assert (Rabs (S1 c - S1 0) <= M * c) by (apply HM; lra).
    assert (0 <= M * c) by (eapply Rle_trans; [apply Rabs_pos | eassumption]).
    assert (M * c <= M * h).
    { destruct (Req_dec c 0) as [Z | Z]; [| apply Rmult_le_compat_l; [| lra]].
      - subst c. pose proof (HM h (or_introl (proj1 Hh))). pose proof (Rabs_pos (S1 h - S1 0)). lra.
      - assert (0 < c) by lra. destruct (Rle_lt_dec 0 M); [assumption |]. nra. }
    simpl. nra.
Qed.

Ltac smooth :=
  apply (ex_derive_continuous (V := R_NormedModule)); auto_derive; parts;
  first [exact I | nonzero | match goal with |- ?a <> 0 => ring_simplify a end; nonzero].

(* ---- Fast motions ---- *)

Lemma root_is_negative : forall a b mu : R, 0 < a -> 0 < b -> a * mu + b = 0 -> mu < 0.
Proof. intros a b mu Ha Hb E. destruct (Rlt_le_dec mu 0); [assumption | nra]. Qed.

Ltac negative_root a b :=
  first
    [ apply (root_is_negative a b); [positive | positive | first [from_line 1 | from_line (- (1))]]
    | apply (root_is_negative (- a) (- b)); [positive | positive | first [from_line 1 | from_line (- (1))]] ].

(* ---- Inequalities ---- *)

Lemma quotient_range : forall a n d e : R, 0 < d -> a = n / d -> 1 - a = e / d ->
  (0 <= a /\ a < 1 <-> 0 <= n /\ 0 < e).
Proof.
  intros a n d e Hd E F.
  assert (P : a * d = n) by (rewrite E; field; lra).
  assert (Q : (1 - a) * d = e) by (rewrite F; field; lra).
  split; intros [A B]; split; subst n e; nra.
Qed.

Lemma exp_range : forall a n d : R, 0 < d -> a = - (n / d) ->
  (0 <= exp a /\ exp a < 1 <-> 0 < n).
Proof.
  intros a n d Hd E. assert (P : a * d = - n) by (rewrite E; field; lra).
  split.
  - intros [_ L]. destruct (Rlt_le_dec a 0) as [|Q]; [nra |].
    pose proof (exp_ineq1_le a). lra.
  - intro N. split; [left; apply exp_pos |]. rewrite <- exp_0. apply exp_increasing. nra.
Qed.

(* ---- Predicates of statements ---- *)

Definition tends_with_order (f : R -> R) (L : R) (n : nat) : Prop :=
  tends f L /\ bigO (fun h => f h - L) n.

(* The gap is smaller than every power of h. *)
Definition tends_beyond_powers (f : R -> R) (L : R) : Prop :=
  tends f L /\ forall n : nat, bigO (fun h => f h - L) n.

(* s_next is the value, dt later, of a function that starts from s and obeys a law of first order. *)
Definition follows_flow (s s_next dt : R) (law : R -> R -> Prop) : Prop :=
  exists S S1 : R -> R,
    S 0 = s /\ S dt = s_next /\ forall t : R, is_derive S t (S1 t) /\ law (S t) (S1 t).

(* S starts from s, S1 is its rate, and this changes no faster than M. *)
Definition starts_smoothly (S S1 : R -> R) (s M : R) : Prop :=
  S 0 = s /\ (forall t : R, 0 <= t -> is_derive S t (S1 t)) /\
  (forall t : R, 0 <= t -> Rabs (S1 t - S1 0) <= M * t).

(* One step h of a method, N h, differs from the exact flow S by O(h^2). *)
Definition close_to_flow (S N : R -> R) : Prop := bigO (fun h => S h - N h) 2.

Lemma bigO_weaker : forall (f : R -> R) (n : nat), bigO f (S n) -> bigO f n.
Proof.
  intros f n [C [d [Hd B]]]. exists (Rabs C), (Rmin d 1).
  split; [apply Rmin_pos; lra |]. intros h Hh.
  pose proof (Rmin_l d 1). pose proof (Rmin_r d 1).
  apply Rle_trans with (C * h ^ S n); [apply B; lra |].
  assert (0 <= h ^ n) by (apply pow_le; lra). pose proof (Rle_abs C). pose proof (Rabs_pos C).
  replace (C * h ^ S n) with (C * h * h ^ n) by (simpl; ring).
  apply Rmult_le_compat_r; [assumption |]. nra.
Qed.

Lemma bigO_once : forall (f : R -> R) (n : nat), bigO f (S n) -> bigO f 1.
Proof. induction n; intro B; [exact B | apply IHn, bigO_weaker, B]. Qed.

Lemma tends_by_order : forall (f : R -> R) (L : R) (n : nat),
  bigO (fun h => f h - L) (S n) -> tends_with_order f L (S n).
Proof. intros f L n B. split; [apply bigO_tends, (bigO_once _ n), B | exact B]. Qed.

Lemma tends_flat : forall (f : R -> R) (L : R),
  (forall n, bigO (fun h => f h - L) n) -> tends_beyond_powers f L.
Proof. intros f L B. split; [apply bigO_tends, B | exact B]. Qed.

Ltac no_rest := apply bigO_zero.
Ltac near_one c A :=
  apply bigO_ext with (fun h => exp (A h) - 1 - c * h); [intros; cbv beta; equation |];
  first [apply (exp_rest A c) | apply bigO_weaker, (exp_rest A c)]; intros; cbv beta; equation.
Ltac flat c := apply (exp_flat _ c); [positive | intros; equation].

Ltac order_by D K E W n reason :=
  apply (bigO_split D _ K E W n);
  [intros ? ? ?; cbv beta in *; equation | smooth | cbv beta; nonzero | smooth | smooth | reason].
Ltac limit_by D K E W n reason := apply tends_by_order; order_by D K E W n reason.
Ltac limit_flat D K E W reason :=
  apply tends_flat; let n := fresh in intro n; order_by D K E W n reason.

(* One step of a method against the exact flow, whose rate is r at the start: the law there times k. *)
Ltac close_by N r k D K E W n reason :=
  match goal with |- close_to_flow ?S _ =>
    match goal with H : starts_smoothly S ?S1 ?s ?M |- _ =>
      let A := fresh in let B := fresh in let C := fresh in let Q := fresh in
      assert (Q : S1 0 = r) by
        (match goal with L : forall t : R, 0 <= t -> _ |- _ => pose proof (L 0 (Rle_refl 0)) end;
         repeat match goal with T : starts_smoothly _ _ _ _ |- _ => destruct T as [? _] end;
         unpack;
         repeat match goal with T : ?F 0 = ?v |- _ => is_var F; is_var v; try rewrite T in *; clear T end;
         first [from_line k | equation]);
      destruct H as [A [B C]];
      apply (local_error S S1 N M B C); rewrite A, Q; order_by D K E W n reason
    end
  end.

Ltac at_zero :=
  repeat match goal with
  | |- context [exp ?a] => replace (exp a) with 1 by (symmetry; replace a with 0 by equation; apply exp_0)
  end; equation.

(* The new value at the end of an exact flow S with the rate S1. *)
Ltac exact_flow S S1 :=
  exists S, S1; subst; parts;
  [ cbv beta; at_zero | cbv beta; equation
  | intro; cbv beta; split; [auto_derive; parts; first [exact I | nonzero | equation] | equation] ].

Ltac can_hold :=
  cbv beta; parts; unfold starts_smoothly; parts; intros; parts;
  first
    [ lra | solve [positive] | solve [nonzero] | equation
    | apply (is_derive_const (K := R_AbsRing) (V := R_NormedModule))
    | auto_derive; [exact I | ring]
    | rewrite Rminus_eq_0, Rabs_R0; lra ].

Ltac nonnegative :=
  lazymatch goal with
  | |- 0 <= _ * _ => first [assumption | apply Rmult_le_pos; nonnegative | nra]
  | |- 0 <= _ + _ => first [assumption | lra | apply Rplus_le_le_0_compat; nonnegative | nra]
  | |- 0 <= _ ^ 2 => apply pow2_ge_0
  | |- 0 <= _ ^ _ => apply pow_le; nonnegative
  | |- 0 <= Rabs _ => apply Rabs_pos
  | |- 0 <= _ => first [assumption | lra | left; solve [positive] | nra]
  end.
Ltac sign_of_form := first [solve [positive] | solve [nonnegative] | nonzero].
Ltac fraction_in_range n d e := apply (quotient_range _ n d e); [positive | equation | equation].
Ltac exp_in_range n d := apply (exp_range _ n d); [positive | equation].
